#compdef sockdock
# Completions for sockdock in zsh: source <(sockdock completions zsh), or save this as _sockdock in a
# folder of $fpath.

_sockdock() {
  local -a candidates
  candidates=(${(f)"$("${(Q)words[1]}" __complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)"})
  # The beginning of a URL or of a fault is typed on, so no space goes behind it.
  compadd -S '' -- ${(M)${candidates:#:(files|folders)}:#*[:/=]}
  compadd -- ${${candidates:#:(files|folders)}:#*[:/=]}
  # A file may come after the name of its option: --key=
  compset -P '--[^=]##='
  if (( ${candidates[(Ie):files]} )); then
    _files
  elif (( ${candidates[(Ie):folders]} )); then
    _files -/
  fi
}

# Either zsh runs this file as the completion itself, or it was sourced.
if [[ $funcstack[1] == _sockdock ]]; then
  _sockdock "$@"
else
  compdef _sockdock sockdock
fi
