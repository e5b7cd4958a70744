# Needs bash, curl 7.76 or newer, jq and uuidgen. API is the API's URL, REGION its Region, INSTANCE a database. The credentials:
# eval "$(aws configure export-credentials --format env)"
ask() {
  curl -sS --fail-with-body --aws-sigv4 "aws:amz:$REGION:execute-api" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
    -H "x-amz-security-token: $AWS_SESSION_TOKEN" -H "Content-Type: application/json" "$@"
}
BODY='{"operation": "create_snapshot", "instance_id": "'$INSTANCE'", "parameters": {"snapshot_id": "'$INSTANCE'-by-signed-curl"}}'

ACCEPTED=$(ask "$API/operations" -d "$BODY" -H "Idempotency-Key: $(uuidgen)") || { echo "$ACCEPTED" >&2; exit 1; }
ID=$(jq -r .operation_id <<< "$ACCEPTED")
until ask "$API/operations/$ID" | jq -e .finished > /dev/null; do sleep 5; done
ask "$API/operations/$ID" | jq -r '"\(.operation): \(.status), success: \(.success)"'
