# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_native_drm_global_optspecs
    string join \n h/help V/version
end

function __fish_native_drm_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_native_drm_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_native_drm_using_subcommand
    set -l cmd (__fish_native_drm_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c native-drm -n "__fish_native_drm_needs_command" -s h -l help -d 'Print help'
complete -c native-drm -n "__fish_native_drm_needs_command" -s V -l version -d 'Print version'
complete -c native-drm -n "__fish_native_drm_needs_command" -f -a "decrypt" -d 'Decrypt a whole file'
complete -c native-drm -n "__fish_native_drm_needs_command" -f -a "inspect" -d 'Show what is encrypted, and with which keys'
complete -c native-drm -n "__fish_native_drm_needs_command" -f -a "license" -d 'Check and explain license templates'
complete -c native-drm -n "__fish_native_drm_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c native-drm -n "__fish_native_drm_using_subcommand decrypt" -l key -d 'A content key and its id, in hexadecimal digits with or without hyphens; can be repeated' -r
complete -c native-drm -n "__fish_native_drm_using_subcommand decrypt" -l keys -d 'A JWK Set of W3C EME, as a file or as the text itself; can be repeated' -r
complete -c native-drm -n "__fish_native_drm_using_subcommand decrypt" -l iv -d 'The IV of SAMPLE-AES, 32 hexadecimal digits: EXT-X-KEY of the playlist has it; with KID: in front of it, the key, too' -r
complete -c native-drm -n "__fish_native_drm_using_subcommand decrypt" -l variant -d 'Of a multivariant playlist, this variant: its number in the playlist, from 1' -r
complete -c native-drm -n "__fish_native_drm_using_subcommand decrypt" -l rendition -d 'Of a multivariant playlist, this audio rendition of the variant instead of the variant: its NAME or LANGUAGE' -r
complete -c native-drm -n "__fish_native_drm_using_subcommand decrypt" -l track -d 'Decrypt this track only, and leave others as they are; can be repeated' -r
complete -c native-drm -n "__fish_native_drm_using_subcommand decrypt" -l skip-missing -d 'Leave tracks encrypted whose key is not given, instead of failing'
complete -c native-drm -n "__fish_native_drm_using_subcommand decrypt" -s q -l quiet -d 'Show no progress, and no notes'
complete -c native-drm -n "__fish_native_drm_using_subcommand decrypt" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c native-drm -n "__fish_native_drm_using_subcommand inspect" -l json -d 'Write JSON; docs/inspect.schema.json describes it'
complete -c native-drm -n "__fish_native_drm_using_subcommand inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and not __fish_seen_subcommand_from check explain timeline help" -s h -l help -d 'Print help'
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and not __fish_seen_subcommand_from check explain timeline help" -f -a "check" -d 'Say what is wrong or doubtful in a template'
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and not __fish_seen_subcommand_from check explain timeline help" -f -a "explain" -d 'Show what a template amounts to: its effective policy, and which keys it gives'
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and not __fish_seen_subcommand_from check explain timeline help" -f -a "timeline" -d 'Show when a license starts, renews and ends'
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and not __fish_seen_subcommand_from check explain timeline help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and __fish_seen_subcommand_from check" -l profile -d 'The rules that it is held to' -r -f -a "strict\t'Every rule'
azure\t'What samples of Azure Media Services send is accepted with warnings'"
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and __fish_seen_subcommand_from check" -l stored -d 'The stored policy that it overrides, a file with JSON; without it, a service\'s default: can_play' -r -F
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and __fish_seen_subcommand_from check" -l json -d 'Write JSON'
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and __fish_seen_subcommand_from explain" -l profile -d 'The rules that it is held to' -r -f -a "strict\t'Every rule'
azure\t'What samples of Azure Media Services send is accepted with warnings'"
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and __fish_seen_subcommand_from explain" -l stored -d 'The stored policy that it overrides, a file with JSON; without it, a service\'s default: can_play' -r -F
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and __fish_seen_subcommand_from explain" -l json -d 'Write JSON'
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and __fish_seen_subcommand_from explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and __fish_seen_subcommand_from timeline" -l profile -d 'The rules that it is held to' -r -f -a "strict\t'Every rule'
azure\t'What samples of Azure Media Services send is accepted with warnings'"
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and __fish_seen_subcommand_from timeline" -l stored -d 'The stored policy that it overrides, a file with JSON; without it, a service\'s default: can_play' -r -F
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and __fish_seen_subcommand_from timeline" -l first-use -d 'When playback begins [default: 0, at once; without a default if there are INPUTs]' -r
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and __fish_seen_subcommand_from timeline" -l renewals -d 'What becomes of renewal attempts [default: granted; unanswered if there are INPUTs]' -r -f -a "granted\t'Each is granted at once'
refused\t'Each is refused with status 503 at once'
unanswered\t'Nobody answers'"
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and __fish_seen_subcommand_from timeline" -l until -d 'How far to go [default: to the end, or 5 renewals]' -r
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and __fish_seen_subcommand_from timeline" -l issued-at -d 'When the license is issued, such as 2026-11-30T12:00:00Z or seconds since 1970: shows dates' -r
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and __fish_seen_subcommand_from timeline" -l format -d 'What to write' -r -f -a "text\t'For people'
json\t'For programs'
svg\t'A picture'"
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and __fish_seen_subcommand_from timeline" -s o -l output -d 'Where to write it; - for standard output' -r -F
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and __fish_seen_subcommand_from timeline" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and __fish_seen_subcommand_from help" -f -a "check" -d 'Say what is wrong or doubtful in a template'
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and __fish_seen_subcommand_from help" -f -a "explain" -d 'Show what a template amounts to: its effective policy, and which keys it gives'
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and __fish_seen_subcommand_from help" -f -a "timeline" -d 'Show when a license starts, renews and ends'
complete -c native-drm -n "__fish_native_drm_using_subcommand license; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c native-drm -n "__fish_native_drm_using_subcommand help; and not __fish_seen_subcommand_from decrypt inspect license help" -f -a "decrypt" -d 'Decrypt a whole file'
complete -c native-drm -n "__fish_native_drm_using_subcommand help; and not __fish_seen_subcommand_from decrypt inspect license help" -f -a "inspect" -d 'Show what is encrypted, and with which keys'
complete -c native-drm -n "__fish_native_drm_using_subcommand help; and not __fish_seen_subcommand_from decrypt inspect license help" -f -a "license" -d 'Check and explain license templates'
complete -c native-drm -n "__fish_native_drm_using_subcommand help; and not __fish_seen_subcommand_from decrypt inspect license help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c native-drm -n "__fish_native_drm_using_subcommand help; and __fish_seen_subcommand_from license" -f -a "check" -d 'Say what is wrong or doubtful in a template'
complete -c native-drm -n "__fish_native_drm_using_subcommand help; and __fish_seen_subcommand_from license" -f -a "explain" -d 'Show what a template amounts to: its effective policy, and which keys it gives'
complete -c native-drm -n "__fish_native_drm_using_subcommand help; and __fish_seen_subcommand_from license" -f -a "timeline" -d 'Show when a license starts, renews and ends'
