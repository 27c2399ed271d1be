# Completions for sockdock in fish: sockdock completions fish | source

function __sockdock_complete
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    set -l current (commandline --current-token --cut-at-cursor)
    set -l program $words[1]
    set -e words[1]
    set -l candidates ($program __complete -- $words "$current" 2>/dev/null)
    if test -n "$candidates"
        printf '%s\n' $candidates
    else
        __fish_complete_path "$current"
    end
end
complete --command sockdock --no-files --arguments '(__sockdock_complete)'
