#!/usr/bin/env bash
# Two people meet and chat: registered and logged in with curl, chatting over WebSocket, read back with curl.
# Usage: scripts/smoke.sh [http://127.0.0.1:8000]    (against a running server)
set -euo pipefail
server=${1:-http://127.0.0.1:8000}
here=$(cd "$(dirname "$0")" && pwd)
socket=${server/http/ws}/ws
name=smoke-$$-$RANDOM                     # accounts of this run

call() { # call PATH BODY [TOKEN] - posts, shows the answer, and fails unless it is "ok":true
  local answer
  answer=$(curl -sS "$server$1" -H 'Content-Type: application/json' ${3:+-H "Authorization: Bearer $3"} -d "$2")
  echo "POST $1  ->  $answer" >&2
  [[ $answer == '{"ok":true,'* ]] || exit 1
  printf '%s' "$answer" | sed -E 's/.*"data":"?([^"}]*)"?}$/\1/'
}

echo "1. Anna and Bob register and log in." >&2
anna=$(call /api/user/create "{\"name\":\"Anna\",\"avatar\":\"\",\"account\":\"anna-$name\",\"password\":\"pw of anna\"}")
bob=$(call /api/user/create "{\"name\":\"Bob\",\"avatar\":\"\",\"account\":\"bob-$name\",\"password\":\"pw of bob\"}")
anna_token=$(call /api/user/login "{\"account\":\"anna-$name\",\"password\":\"pw of anna\"}")
bob_token=$(call /api/user/login "{\"account\":\"bob-$name\",\"password\":\"pw of bob\"}")

echo "2. Anna opens a chat with Bob." >&2
gid=$(call /api/group/create "{\"group\":{\"name\":\"\",\"avatar\":\"\",\"mode\":1},\"users\":[{\"uid\":$bob,\"role\":1}]}" "$anna_token")

echo "3. Both connect; Anna says hello, Bob's screen shows it." >&2
heard=$(mktemp)
trap 'rm -f "$heard"' EXIT
login() { echo "{\"event\":\"Login\",\"body\":{\"kind\":\"Text\",\"uid\":$1,\"content\":\"$2\",\"clientMsgId\":\"login\"}}"; }
login "$bob" "$bob_token" | python3 "$here/ws.py" "$socket" --count 2 >"$heard" &
listener=$!
until grep -q Ack "$heard"; do kill -0 $listener; done      # Bob is logged in
{
  login "$anna" "$anna_token"
  echo "{\"event\":\"Msg\",\"body\":{\"kind\":\"Text\",\"uid\":$anna,\"gid\":$gid,\"content\":\"Hello Bob!\",\"clientMsgId\":\"m1\"}}"
} | python3 "$here/ws.py" "$socket" --count 2 >&2
wait $listener
cat "$heard" >&2
grep -q '"content":"Hello Bob!"' "$heard"

echo "4. The history has it." >&2
call /api/message/history "{\"uid\":$bob,\"gid\":$gid,\"page\":1,\"size\":10}" "$bob_token" >"$heard"
grep -q 'Hello Bob!' "$heard" || { cat "$heard"; exit 1; }
echo "It works." >&2
