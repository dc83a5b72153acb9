// The process of one contender: prepares and times what it is asked for, one case after the other.
import process from "node:process";
import { defaultTarget, wasm } from "@dzdt/tensor";
import type { Attempt, Case, Prepare } from "./case";
import { gpuPeers, ownNames, peers, threadsOf } from "./contenders";
import type { Answer, Request } from "./protocol";
import { timeRound } from "./timing";
import { workloadOf, workloads } from "./workloads";

let current: Attempt | undefined;

async function preparation(contender: string, row: Case): Promise<Prepare | undefined> {
  const { dzdt } = row;
  const threads = threadsOf(contender);
  if (threads !== undefined) defaultTarget(wasm({ threads }));
  if (contender === ownNames.cpu || threads !== undefined) return typeof dzdt === "function" ? dzdt : undefined;
  if (contender === ownNames.webgpu)
    return typeof dzdt === "function" ? async () => (await import("./webgpu")).onGpu(dzdt) : undefined;
  const peer = [...peers, ...gpuPeers].find(({ name }) => name === contender);
  const load = peer?.attempts[workloadOf(row.name)];
  const make = load && (await load()).attempts[row.name];
  const onDevice = gpuPeers.some(({ name }) => name === contender);
  // The processor only waits.
  return make && onDevice ? async () => ({ ...(await make()), elsewhere: true }) : make;
}

/** Milliseconds of one unit, less what other programs took from it. */
const elapsed = async (attempt: Attempt): Promise<number> => (await timeRound(attempt, 0)).estimate;

async function prepare(contender: string, name: string): Promise<Answer> {
  const { cases } = await workloads[workloadOf(name)]!();
  const row = cases.find((c) => c.name === name);
  if (!row) return { kind: "absent" };
  const make = await preparation(contender, row);
  if (!make) return { kind: "absent" };
  const attempt = (current = await make());
  const firstCall = await elapsed(attempt);
  const secondCall = await elapsed(attempt);
  const verdict = row.check(await attempt.result());
  return {
    kind: "prepared",
    verdict,
    note: attempt.note ?? "",
    dtype: attempt.dtype,
    figures: { ...verdict.figures, ...(await attempt.figures?.()) },
    firstCall,
    secondCall,
    onDevice: await attempt.onDevice?.(),
  };
}

async function answer(request: Request): Promise<Answer> {
  try {
    if (request.kind === "prepare") return await prepare(request.contender, request.name);
    return { kind: "timed", round: await timeRound(current!, request.milliseconds) };
  } catch (error) {
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  }
}

process.on("message", (request: Request) => {
  void answer(request).then((reply) => process.send!(reply));
});
process.on("disconnect", () => process.exit());
