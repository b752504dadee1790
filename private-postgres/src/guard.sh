# Runs a command and ends it once standard input ends, which happens however the owner of this pipe ends.
#   $1      a directory to empty in that case, as this user reaches it, or nothing
#   $2, $3  its real path and the directory above it, each to remove in that case, or nothing
#   $4      a directory to remove in any case, or nothing
# Standard output is a directory for the command to inherit as descriptor 3; standard error is the log.
# A function, so that all of it has been read before standard input is let go.
guard() {
    home=$1 path=$2 above=$3 socket=$4
    shift 4
    exec 3<&1 4<&0 1>&2 </dev/null

    "$@" 4<&- &
    command=$!
    trap 'kill -s INT "$command" 2>/dev/null' HUP INT TERM

    (
        read -r _ <&4
        trap '' TERM
        for signal in INT QUIT KILL; do # PostgreSQL: fast, immediate, none at all
            kill -s "$signal" "$command" 2>/dev/null || exit 0
            tries=100
            while [ "$tries" -gt 0 ] && kill -0 "$command" 2>/dev/null; do
                sleep 0.1
                tries=$((tries - 1))
            done
        done
    ) &
    watch=$!

    wait "$command"
    status=$?
    # A trapped signal also ends `wait`, with the command still running.
    while [ "$status" -gt 128 ] && kill -0 "$command" 2>/dev/null; do
        wait "$command"
        status=$?
    done
    kill "$watch" 2>/dev/null

    # A watch that succeeds has seen its input end: a command that failed by itself may be tried again.
    if wait "$watch" && [ -n "$home" ]; then
        rm -rf -- "$home"/*
        rmdir -- "$path" "$above"
    fi 2>/dev/null
    [ -z "$socket" ] || rmdir -- "$socket" 2>/dev/null
    exit "$status"
}
guard "$@"
