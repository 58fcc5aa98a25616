# shellcheck shell=bash
# To be sourced, after install.sh: a license server, the pages of server/demo at other origins, and a browser.
#
# The caller sets $root and $build, and traps browser_end.

browser_children=()

browser_end() {
    local child
    for child in "${browser_children[@]}"; do kill "$child" 2>/dev/null || true; done
    browser_children=()
}

# browser_players: puts the players into $build/site; downloads them from npm once, pinned in server/demo/package.json.
browser_players() {
    local npm=$build/npm
    mkdir -p "$npm" "$build/site"
    cp "$root/server/demo/package.json" "$root/server/demo/package-lock.json" "$npm/"
    [ -e "$npm/node_modules/dashjs" ] && [ -e "$npm/node_modules/shaka-player" ] ||
        npm ci --prefix "$npm" --no-audit --no-fund --ignore-scripts --silent || return 1
    cp "$npm/node_modules/shaka-player/dist/shaka-player.compiled.js" "$build/site/shaka-player.js"
    cp "$npm/node_modules/dashjs/dist/modern/umd/dash.all.min.js" "$build/site/dash.js"
}

# browser_site ORIGINS: serves the pages; their ports are in the array $ports, what they post in $build/results.
browser_site() {
    : >"$build/results"
    python3 "$root/scripts/lib/browser_site.py" "$build/site" "$1" >"$build/results" &
    browser_children+=($!)
    local tries
    for ((tries = 0; tries < 300; tries++)); do
        [ "$(wc -l <"$build/results")" -gt 0 ] && break
        sleep 0.1
    done
    read -r -a ports < <(head -n 1 "$build/results")
    [ "${#ports[@]}" -eq "$1" ]
}

# browser_server PROGRAM OPTION...: starts the license server with the site's catalogue; its address is in $server.
browser_server() {
    local program=$1
    shift
    : >"$build/server.out"
    "$program" --memory --clear-key --trust-everyone --catalog "$build/site/catalog.json" --listen 127.0.0.1:0 --log warn "$@" \
        >"$build/server.out" 2>"$build/server.log" &
    browser_children+=($!)
    local tries
    for ((tries = 0; tries < 300; tries++)); do
        [ "$(wc -l <"$build/server.out")" -gt 0 ] && break
        sleep 0.1
    done
    read -r server <"$build/server.out"
}

# browser_visit URL PICTURE: a page until it has loaded, which is photographed.
browser_visit() {
    rm -rf "$build/profile"
    timeout 300 "$(command -v chromium || command -v chromium-browser || command -v google-chrome)" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
        --autoplay-policy=no-user-gesture-required --hide-scrollbars --window-size=1200,800 --user-data-dir="$build/profile" \
        --disable-background-networking --disable-component-update --disable-sync --timeout=250000 \
        --screenshot="$2" "$1" >"$build/chromium.log" 2>&1
    local status=$?
    rm -rf "$build/profile"
    return $status
}
