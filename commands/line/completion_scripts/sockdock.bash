# Completions for sockdock in bash (3.2 or newer): source <(sockdock completions bash)

_sockdock() {
  local words current cut candidate
  # From the line itself, because bash would also split "tcp://:9999" at its colons.
  read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
  [[ ${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=("")
  current=${words[${#words[@]} - 1]}
  # What bash takes to be complete already is everything up to the last such split.
  cut=${current%"${current##*[:=]}"}
  COMPREPLY=()
  while IFS= read -r candidate; do
    [[ $candidate ]] && COMPREPLY+=("${candidate#"$cut"}")
  done < <("$1" __complete -- "${words[@]:1}" 2>/dev/null)
  # The beginning of a URL is typed on, so no space goes behind it.
  if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[:/=] ]] && type compopt &>/dev/null; then
    compopt -o nospace
  fi
}
complete -o default -F _sockdock sockdock
