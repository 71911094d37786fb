/**
 * A light steady load on a served model: requests at a fixed rate, whether or not the one before was answered. Says
 * once a minute how many of them failed, and why the last did.
 */
import { Agent, request } from "node:http";
import { requestOf } from "./prompts";

const { TARGET = "", MODEL = "", REQUESTS_PER_SECOND = "" } = process.env;
const rate = Number(REQUESTS_PER_SECOND);
if (TARGET === "" || MODEL === "" || !(rate > 0 && rate <= 2))
  throw new Error("TARGET and MODEL must be set, and REQUESTS_PER_SECOND above 0 and at most 2");

const agent = new Agent({ keepAlive: false });

async function send(number: number): Promise<void> {
  const { path, body } = requestOf(MODEL, number);
  return new Promise((resolve, reject) => {
    const call = request(
      new URL(path, TARGET),
      { method: "POST", agent, timeout: 5_000, headers: { "content-type": "application/json" } },
      (response) => {
        response.resume();
        response.on("error", reject);
        response.on("end", () =>
          response.statusCode === 200
            ? resolve()
            : reject(new Error(`${path} answered ${response.statusCode ?? 0}`)),
        );
      },
    );
    call.on("timeout", () => call.destroy(new Error(`${path}: no answer within 5 s`)));
    call.on("error", reject);
    call.end(body);
  });
}

let sent = 0;
let failed = 0;
let reason = "";

setInterval(() => {
  send(sent++).catch((error: unknown) => {
    failed++;
    reason = String(error);
  });
}, 1_000 / rate);

setInterval(() => {
  console.log(`${sent} sent, ${failed} failed${failed > 0 ? `, the last by: ${reason}` : ""}`);
}, 60_000);

for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, () => process.exit(0));
