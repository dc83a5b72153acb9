import type { Value } from "../../../lower/emitter";
import type { FunctionHandle } from "../../../lower/machine";
import type { Callees } from "../callees";
import { type FunctionCode, literal } from "../emit-code";
import { empty, op } from "../encode";

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
