// Many subscribers of graphql-transport-ws in one process, and one publisher. Prints one line of JSON:
// how long from just before the mutation is sent until each subscriber has the event.
// The first argument is JSON: { ws, http, subscribers, events, pauseMs, authorization, subscription, mutation }
// where subscription and mutation are { query, variables }; "$SEQUENCE" in variables is the number of the event.
import WebSocket from 'ws'

const options = JSON.parse(process.argv[2])
const WARM_UP = 3
const WAIT_MS = 10_000
const headers = options.authorization ? { authorization: options.authorization } : {}
let received = []
let complete = () => {}
let errors = 0
let closing = false
const sockets = []

function fail(what) {
  errors += 1
  if (errors <= 3) console.error(String(what).slice(0, 300))
}

function connect() {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(options.ws, 'graphql-transport-ws', { headers, perMessageDeflate: false })
    sockets.push(socket)
    socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: headers })))
    socket.on('error', reject)
    socket.on('close', (code) => closing || fail(`closed with ${code}`))
    socket.on('message', (data) => {
      const at = performance.now()
      const text = data.toString()
      if (text.includes('"next"')) {
        received.push(at)
        if (received.length === options.subscribers) complete()
      } else if (text.includes('"connection_ack"')) {
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: options.subscription }))
        resolve()
      } else if (text.includes('"ping"')) {
        socket.send('{"type":"pong"}')
      } else {
        fail(text)
      }
    })
  })
}

async function publish(sequence) {
  received = []
  const everybody = new Promise((resolve) => {
    complete = resolve
  })
  const started = performance.now()
  if (options.mutation) {
    const body = JSON.stringify(options.mutation).replaceAll('$SEQUENCE', String(sequence))
    const answer = await fetch(options.http, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    })
    const { errors: problems } = await answer.json()
    if (problems) throw new Error(JSON.stringify(problems))
  } else {
    await fetch(options.http, { method: 'POST' })
  }
  await Promise.race([everybody, new Promise((resolve) => setTimeout(resolve, WAIT_MS))])
  return received.map((at) => at - started)
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

for (let count = 0; count < options.subscribers; count += 50) {
  await Promise.all(Array.from({ length: Math.min(50, options.subscribers - count) }, connect))
}
await pause(1500)

const delays = []
let lost = 0
for (let sequence = 0; sequence < WARM_UP + options.events; sequence += 1) {
  const some = await publish(sequence)
  if (sequence >= WARM_UP) {
    delays.push(...some)
    lost += options.subscribers - some.length
  }
  await pause(options.pauseMs)
}
delays.sort((a, b) => a - b)
const percentile = (share) => delays[Math.min(delays.length - 1, Math.ceil(share * delays.length) - 1)]
console.log(JSON.stringify({ p50: percentile(0.5), p99: percentile(0.99), lost, errors }))
closing = true
for (const socket of sockets) socket.terminate()
