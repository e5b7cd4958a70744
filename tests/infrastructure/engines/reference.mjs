// Evaluates JSONata as its authors' own engine does, a question a line, JSON in and out, until its input ends.
import { createInterface } from 'node:readline'
import jsonata from 'jsonata'

for await (const line of createInterface({ input: process.stdin })) {
  const { expression, states } = JSON.parse(line)
  const answer = await evaluate(expression, states).catch((error) => ({ error: String(error.code ?? error) }))
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}

async function evaluate(expression, states) {
  return { value: await jsonata(expression).evaluate(undefined, { states }) }
}
