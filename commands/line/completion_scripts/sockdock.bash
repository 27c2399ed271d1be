# Completions for sockdock in bash (3.2 or newer): source <(sockdock completions bash)

_sockdock() {
  local words current cut candidate files=
  # From the line itself, because bash would also split "tcp://:9999" at its colons.
  read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
  [[ ${COMP_LINE:0:COMP_POINT} == *[[:space:]] ]] && words+=("")
  current=${words[${#words[@]} - 1]}
  # What bash takes to be complete already is everything up to the last such split.
  cut=${current%"${current##*[:=]}"}
  COMPREPLY=()
  while IFS= read -r candidate; do
    case $candidate in
      :files) files=-f ;;
      :folders) files=-d ;;
      ?*) COMPREPLY+=("${candidate#"$cut"}") ;;
    esac
  done < <("$1" __complete -- "${words[@]:1}" 2>/dev/null)
  if [[ $files ]]; then
    # Names of files are quoted where they need it, which would spoil the colon of a URL.
    [[ ${#COMPREPLY[@]} == 0 ]] && type compopt &>/dev/null && compopt -o filenames
    while IFS= read -r candidate; do
      COMPREPLY+=("$candidate")
    done < <(compgen "$files" -- "${current#"$cut"}")
  fi
  # The beginning of a URL or of a fault is typed on, so no space goes behind it.
  if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[:/=] ]] && type compopt &>/dev/null; then
    compopt -o nospace
  fi
}
complete -F _sockdock sockdock
