# Needs bash, curl 7.76 or newer, jq and uuidgen. API is the API's URL, API_KEY its key, INSTANCE a database.
ask() { curl -sS --fail-with-body -H "x-api-key: $API_KEY" -H "Content-Type: application/json" "$@"; }
BODY='{"operation": "create_snapshot", "instance_id": "'$INSTANCE'", "parameters": {"snapshot_id": "'$INSTANCE'-by-curl"}}'

ACCEPTED=$(ask "$API/operations" -d "$BODY" -H "Idempotency-Key: $(uuidgen)") || { echo "$ACCEPTED" >&2; exit 1; }
ID=$(jq -r .operation_id <<< "$ACCEPTED")
until ask "$API/operations/$ID" | jq -e .finished > /dev/null; do sleep 5; done
ask "$API/operations/$ID" | jq -r '"\(.operation): \(.status), success: \(.success)"'
