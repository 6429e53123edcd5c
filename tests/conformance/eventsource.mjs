// The npm package "eventsource" as its README has it used: a header of one's own through `fetch`.
// Told what to do by one JSON argument; tells what it gets, a JSON line each. Ends with its standard input.
import { EventSource } from "eventsource";

const { url, token, types } = JSON.parse(process.argv[2]);
const tell = (record) => process.stdout.write(JSON.stringify(record) + "\n");
const authorization = token ? { Authorization: `Bearer ${token}` } : {};

const source = new EventSource(url, {
  fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...authorization } }),
});
source.addEventListener("open", () => tell({ kind: "open" }));
source.addEventListener("error", (error) => {
  const closed = source.readyState === EventSource.CLOSED;
  tell(closed ? { kind: "refused", status: error.code, closed } : { kind: "retrying" });
});
for (const type of types) {
  source.addEventListener(type, (event) =>
    tell({ kind: "event", type: event.type, id: event.lastEventId, data: event.data }),
  );
}

process.stdin.on("end", () => process.exit()).resume();
