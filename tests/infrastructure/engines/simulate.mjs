// Decides about IAM requests, one a line, JSON in and out, until its input ends. ../iam_simulator.py asks.
import { createInterface } from 'node:readline'
import {
  allowedContextKeysForRequest,
  isConditionKeyArray,
  runSimulation,
  typeForContextKey
} from '@cloud-copilot/iam-simulate'

const ANALYSES = {
  identity: 'identityAnalysis',
  session: 'sessionAnalysis',
  boundary: 'permissionBoundaryAnalysis',
  resource: 'resourceAnalysis'
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await decide(JSON.parse(line)).catch((error) => ({ refusal: { message: String(error) } }))
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}

async function decide(simulation) {
  const run = await runSimulation(simulation, {})
  if (run.resultType === 'error') return { refusal: run.errors }
  if (run.resultType === 'wildcard') return { refusal: { message: 'the resource is a pattern: ask about one resource' } }
  const { analysis, ignoredContextKeys } = run.result
  if (ignoredContextKeys.length) return { refusal: { message: 'ignoredContextKeys', ignoredContextKeys } }
  const refusal = await uncheckedByTheLibrary(simulation.request)
  if (refusal) return { refusal }
  const kinds = Object.keys(ANALYSES).filter((kind) => analysis[ANALYSES[kind]])
  return { result: analysis.result, analyses: kinds.map((kind) => told(kind, analysis[ANALYSES[kind]])) }
}

async function uncheckedByTheLibrary({ action, resource, contextVariables }) {
  const known = await allowedContextKeysForRequest(...action.split(':'), resource.resource, false)
  for (const [key, value] of Object.entries(contextVariables)) {
    // It takes every global key for every action. These two are not: an action or a resource type has them or not.
    const family = key.toLowerCase().match(/^aws:(resource|request)tag\//)?.[0]
    if (family && !known.includes(family + '${tagkey}')) return { message: 'not a key of this action and resource', key }
    // It takes the first of the values.
    if (Array.isArray(value) && !isConditionKeyArray(await typeForContextKey(key)))
      return { message: 'a list for a key that has one value', key }
  }
}

function told(kind, { result, denyStatements, allowStatements, unmatchedStatements }) {
  const statements = [...denyStatements, ...allowStatements, ...unmatchedStatements]
  return { kind, result, statements: statements.map(({ policyId, explain }) => ({ policyId, ...explain })) }
}
