"""What commands share: arguments, the composed configuration, progress, and one line for every fault."""
