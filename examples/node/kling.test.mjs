// How a program in JavaScript is tested against the fake service, with Node
// alone: node --test examples/node/
//
// The program is `kling` on the PATH, or what KLING_BIN says.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, beforeEach, test } from "node:test";

const EFFECTS = "/v1/videos/effects";
const REQUEST = {
  effect_scene: "hug_pro",
  input: {
    images: ["https://example.com/left.jpg", "https://example.com/right.jpg"],
    duration: "5",
  },
  external_task_id: "order-1",
};

let child, baseUrl, apiKey;

before(async () => {
  const args = ["mock", "--provider", "kling", "--clock", "manual", "--plan", "after(10s, 5m)"];
  child = spawn(process.env.KLING_BIN ?? "kling", args, { stdio: ["ignore", "pipe", "inherit"] });
  // One line of JSON, when it is ready.
  const [line] = await once(createInterface(child.stdout), "line");
  ({ base_url: baseUrl, api_key: apiKey } = JSON.parse(line));
});

after(async () => {
  child.kill();
  await once(child, "exit");
});

async function send(method, path, body, headers = {}) {
  const answer = await fetch(baseUrl + path, {
    method,
    headers: { "content-type": "application/json", ...headers },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, body: text ? JSON.parse(text) : null };
}

// A call to the service.
const call = (method, path, body) => send(method, path, body, { authorization: `Bearer ${apiKey}` });

// A call to the mock itself; what goes wrong there fails the test.
async function admin(method, path, body) {
  const answer = await send(method, `/__mock${path}`, body);
  assert.ok(answer.status < 300, JSON.stringify(answer.body));
  return answer.body;
}

beforeEach(() => admin("POST", "/reset"));

test("a task from its creation to its video", async () => {
  const created = await call("POST", EFFECTS, REQUEST);
  assert.equal(created.status, 200);
  const path = `${EFFECTS}/${created.body.data.task_id}`;
  const seen = [];
  for (const step of ["0s", "10s", "5m"]) {
    await admin("POST", "/clock", { advance: step });
    seen.push((await call("GET", path)).body.data.task_status);
  }
  assert.deepEqual(seen, ["submitted", "processing", "succeed"]);
});

test("a lost answer is paid once", async () => {
  // Carried out and billed; then the connection is reset.
  await admin("POST", "/faults", { fault: "create#1@after:reset" });
  await assert.rejects(call("POST", EFFECTS, REQUEST));

  // What a careful program does: look for its own id, and adopt the task.
  const found = await call("GET", `${EFFECTS}/order-1`);
  assert.equal(found.status, 200);
  const { charges } = await admin("GET", "/charges");
  assert.deepEqual(charges.map((charge) => charge.task_id), [found.body.data.task_id]);
  await admin("POST", "/verify", { charged_once: ["order-1"] });
});

test("five minutes take no time", async () => {
  await call("POST", EFFECTS, REQUEST);
  const { now } = await admin("GET", "/clock");
  const moved = await admin("POST", "/clock", { until_idle: "1h" });
  assert.equal(moved.idle, true);
  assert.equal(moved.now - now, 310_000);
});
