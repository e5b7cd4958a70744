// Needs Node 18 or newer; without process.env it runs in a browser. API is the API's URL, API_KEY its key, INSTANCE a database.
const { API, API_KEY, INSTANCE } = process.env;

async function ask(path, body, headers) {
  const sent = { "x-api-key": API_KEY, "Content-Type": "application/json", ...headers };
  const answer = await fetch(API + path, { method: body ? "POST" : "GET", headers: sent, body: JSON.stringify(body) });
  const document = await answer.json();
  if (!answer.ok) throw new Error(`${document.code}: ${document.error}`);
  return document;
}

const body = { operation: "create_snapshot", instance_id: INSTANCE, parameters: { snapshot_id: `${INSTANCE}-by-javascript` } };
const { operation_id } = await ask("/operations", body, { "Idempotency-Key": crypto.randomUUID() });
let operation;
while (!(operation = await ask(`/operations/${operation_id}`)).finished) {
  await new Promise((resume) => setTimeout(resume, 5000));
}
console.log(`${operation.operation}: ${operation.status}, success: ${operation.success}`);
