# Completion of ptool in zsh, once compinit has run: eval "$(ptool --completion=zsh)"
_ptool() {
  local program=${(Q)${~words[1]}} word=${(Q)PREFIX}
  local -a found open
  found=("${(@f)$("$program" "${(@Q)words[2,CURRENT-1]}" "--complete=$word" 2>/dev/null)}")
  open=(${(M)found:#*[=.]}) found=(${found:#*[=.]})
  compadd -S '' -a open  # more of the word follows
  compadd -a found
  if (( CURRENT > 2 )) && [[ $word != *=* || ${#found} -eq 0 ]]; then
    compset -P '*='
    _files
  fi
}
compdef _ptool ptool
