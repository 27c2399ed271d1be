# Completions for sockdock in fish: sockdock completions fish | source

function __sockdock_complete
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    set -l current (commandline --current-token --cut-at-cursor)
    set -l program $words[1]
    set -e words[1]
    # What a file comes after in this word: --key=
    set -l before (string match --regex '^--[^=]+=' -- $current)
    set -l path (string replace --regex '^--[^=]+=' '' -- $current)
    for candidate in ($program __complete -- $words "$current" 2>/dev/null)
        switch $candidate
            case :files
                string replace --regex '^' -- "$before" (__fish_complete_path "$path")
            case :folders
                string replace --regex '^' -- "$before" (__fish_complete_directories "$path" '')
            case '*'
                printf '%s\n' $candidate
        end
    end
end
complete --command sockdock --no-files --arguments '(__sockdock_complete)'
