// The npm package "eventsource-client" as its README has it used: headers and a first position as options.
// Told what to do by one JSON argument; tells what it gets, a JSON line each. Ends with its standard input.
import { createEventSource } from "eventsource-client";

const { url, token, position } = JSON.parse(process.argv[2]);
const tell = (record) => process.stdout.write(JSON.stringify(record) + "\n");

let greeted = false;
createEventSource({
  url,
  headers: token ? { Authorization: `Bearer ${token}` } : {},
  initialLastEventId: position ?? undefined,
  // it calls every answer a connection, so a stream is open once something came
  onConnect: () => (greeted = false),
  onMessage: ({ id, event, data }) => {
    if (!greeted) tell({ kind: "open" });
    greeted = true;
    tell({ kind: "event", type: event, id, data });
  },
  onComment: () => tell({ kind: "comment" }),
  onScheduleReconnect: () => tell({ kind: "retrying" }),
});

process.stdin.on("end", () => process.exit()).resume();
