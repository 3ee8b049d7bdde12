# Completion of ptool in bash: eval "$(ptool --completion=bash)"
_ptool() {
  local line="${COMP_LINE:0:COMP_POINT}" word='' head='' quote='' letter before=() files i
  for ((i = 0; i < ${#line}; i++)); do  # bash itself cuts words at '=' and ':', and leaves quotes on them
    letter="${line:i:1}"
    if [[ $letter == \\ && $quote != \' ]]; then
      word+="${line:$((++i)):1}"
    elif [[ -n $quote ]]; then
      [[ $letter == "$quote" ]] && quote='' || word+="$letter"
    elif [[ $letter == [\'\"] ]]; then
      quote="$letter"
    elif [[ $letter == [[:blank:]] ]]; then
      [[ -n $word ]] && before+=("$word")
      word='' head=''
    else
      word+="$letter"
      [[ $letter == [=:] ]] && head="$word"  # stays as it is on the line
    fi
  done
  local IFS=$'\n'
  COMPREPLY=($("${1/#\~\//$HOME/}" "${before[@]:1}" "--complete=$word" 2>/dev/null))
  COMPREPLY=("${COMPREPLY[@]#"$head"}")
  files=($(compgen -f -- "${word#*=}"))
  if [[ ${#files[@]} -gt 0 && ($word != *=* || ${#COMPREPLY[@]} -eq 0) && ${#before[@]} -gt 1 ]]; then
    COMPREPLY+=("${files[@]#"${head#*=}"}")
    compopt -o filenames
  fi
  [[ ${COMPREPLY[0]} == *[=.] ]] && compopt -o nospace
  return 0
}
complete -F _ptool ptool
