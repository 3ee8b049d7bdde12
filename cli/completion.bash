# Completion of ptool in bash: eval "$(ptool --completion=bash)"
_ptool() {
  local line="${COMP_LINE:0:COMP_POINT}" word before files
  word="${line##* }"  # whole: bash cuts words at '=' and ':'
  read -ra before <<< "${line% *}"
  local IFS=$'\n'
  COMPREPLY=($("$1" "${before[@]:1}" "--complete=$word" 2>/dev/null))
  if [[ $word == *[=:]* ]]; then
    COMPREPLY=("${COMPREPLY[@]#"${word%"${word##*[=:]}"}"}")
  fi
  files=($(compgen -f -- "${word##*=}"))
  if [[ ${#files[@]} -gt 0 && ($word != *=* || ${#COMPREPLY[@]} -eq 0) && ${#before[@]} -gt 1 ]]; then
    COMPREPLY+=("${files[@]}")
    compopt -o filenames
  fi
  [[ ${COMPREPLY[0]} == *[=.] ]] && compopt -o nospace
  return 0
}
complete -F _ptool ptool
