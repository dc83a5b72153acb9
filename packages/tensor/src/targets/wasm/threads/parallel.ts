import type { Value } from "../../../lower/emitter";
import type { FunctionHandle } from "../../../lower/machine";
import type { Callees } from "../callees";
import { type FunctionCode, literal } from "../emit-code";
import { empty, op } from "../encode";
import { words } from "./words";

/** What threads do through functions of the module: see `ticket.ts`. */
export type ThreadFunction = "take" | "done" | "fork" | "join";

const int = (value: number): Value => literal("int32", value);

/** The main thread takes tiles like all others, or does all of them where no other thread has the program yet. */
export function emitParallel(
  code: FunctionCode,
  callees: Callees,
  job: FunctionHandle,
  number: number,
  frame: Value,
  tiles: number,
): void {
  const { bytes } = code;
  const tile = code.local("int32");
  const run = (): void => code.call(job.index, [frame, tile, int(0)]);
  code.int(words.open);
  bytes.bytes([op.i32Load, 2, 0, op.if, empty]);
  code.call(callees.thread("fork"), [int(number), frame, int(tiles)]);
  bytes.bytes([op.block, empty, op.loop, empty]);
  code.call(callees.thread("take"), []);
  code.set(tile);
  code.push(tile);
  code.int(0);
  bytes.bytes([op.i32LtS, op.brIf, 1]);
  run();
  code.call(callees.thread("done"), []);
  bytes.bytes([op.br, 0, op.end, op.end]);
  code.call(callees.thread("join"), [int(tiles)]);
  bytes.byte(op.else);
  code.int(0);
  code.set(tile);
  bytes.bytes([op.loop, empty]);
  run();
  code.push(tile);
  code.int(1);
  bytes.byte(op.i32Add);
  code.set(tile);
  code.push(tile);
  code.int(tiles);
  bytes.bytes([op.i32LtS, op.brIf, 0, op.end, op.end]);
}
