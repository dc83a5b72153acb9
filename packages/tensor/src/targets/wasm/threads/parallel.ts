import type { Value } from "../../../lower/emitter";
import { failureWord } from "../../../lower/heap";
import type { FunctionHandle, MachineEmitter } from "../../../lower/machine";
import type { Callees } from "../callees";
import { type FunctionCode, literal } from "../emit-code";
import { atomics, empty, op } from "../encode";

/** What threads do through functions of the module: see `ticket.ts`. */
export type ThreadFunction = "take" | "done" | "fork" | "join";

const int = (value: number): Value => literal("int32", value);

/** Makes the tiles of a job free for all threads, takes some like all others, and waits for the rest. */
export function emitFork(
  code: FunctionCode,
  callees: Callees,
  job: FunctionHandle,
  number: number,
  frame: Value,
  tiles: number,
): void {
  const { bytes } = code;
  const tile = code.local("int32");
  code.call(callees.thread("fork"), [int(number), frame, int(tiles)]);
  bytes.bytes([op.block, empty, op.loop, empty]);
  code.call(callees.thread("take"), []);
  code.set(tile);
  code.push(tile);
  code.int(0);
  bytes.bytes([op.i32LtS, op.brIf, 1]);
  code.call(job.index, [frame, tile, int(0)]);
  code.call(callees.thread("done"), []);
  bytes.bytes([op.br, 0, op.end, op.end]);
  code.call(callees.thread("join"), [int(tiles)]);
}

/** Notes a failure if it is the run's first, and says so: of those that threads note at a time one is. */
export function emitFirst(k: MachineEmitter, code: FunctionCode, threads: number, failure: Value): Value {
  const [at, none] = [int(failureWord), int(0)];
  if (threads > 1) {
    for (const value of [at, none, failure]) code.push(value);
    code.bytes.bytes([...atomics.i32CompareExchange, 2, 0]);
    return k.equal(code.take("int32"), none);
  }
  const first = k.equal(k.load("int32", at, 0), none);
  k.if(first, () => k.store("int32", at, 0, failure));
  return first;
}
