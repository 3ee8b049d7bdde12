# Completion of ptool in zsh, once compinit has run: eval "$(ptool --completion=zsh)"
_ptool() {
  local -a found
  found=("${(@f)$("$words[1]" "${(@)words[2,CURRENT-1]}" "--complete=$words[CURRENT]" 2>/dev/null)}")
  if [[ -n "$found[1]" ]]; then
    compadd -S '' -- "${found[@]}"
  else
    compset -P '*='
    _files
  fi
}
compdef _ptool ptool
