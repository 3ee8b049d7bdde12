"""What commands share: arguments, the composed configuration, progress, and one clear line for every fault."""
