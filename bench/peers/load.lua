-- wrk -s load.lua URL -- bodies.jsonl [authorization]: posts the lines in turn, and prints one line of results.
local bodies, place = {}, 0

function init(arguments)
  for line in io.lines(arguments[1]) do bodies[#bodies + 1] = line end
  math.randomseed(os.time())
  place = math.random(#bodies)
  wrk.method = "POST"
  wrk.headers["content-type"] = "application/json"
  wrk.headers["accept"] = "application/graphql-response+json, application/json"
  if arguments[2] then wrk.headers["authorization"] = arguments[2] end
end

function request()
  place = place % #bodies + 1
  return wrk.format(nil, nil, nil, bodies[place])
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("RESULT per_second=%.1f p50_ms=%.3f p99_ms=%.3f errors=%d\n",
    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
