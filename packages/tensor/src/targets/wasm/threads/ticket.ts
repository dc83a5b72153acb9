import { atomics, ByteWriter, empty, i32, i64, op } from "../encode";
import type { ThreadFunction } from "./parallel";
import { words } from "./words";

/** A function's body as the code section holds it. */
function body(locals: readonly number[], write: (code: ByteWriter) => void): Uint8Array {
  const code = new ByteWriter();
  code.unsigned(locals.length);
  for (const type of locals) code.bytes([1, type]);
  write(code);
  code.byte(op.end);
  return code.written();
}

const aligned32 = 2;
const aligned64 = 3;
const tileBits = 20;
const tileMask = 2 ** tileBits - 1;

const constant = (code: ByteWriter, value: number): void => {
  code.byte(op.i32Const);
  code.signed(value);
};
const wide = (code: ByteWriter, value: number): void => {
  code.byte(op.i64Const);
  code.signed(value);
};
const get = (code: ByteWriter, local: number): void => code.bytes([op.localGet, local]);
const access = (code: ByteWriter, instruction: readonly number[], align: number): void =>
  code.bytes([...instruction, align, 0]);

/** () → the number of a tile that is now the caller's, or −1. */
const takeFunction = (): Uint8Array =>
  body([i64, i32], (code) => {
    const [ticket, tile] = [0, 1];
    constant(code, words.ticket);
    wide(code, 1);
    access(code, atomics.i64Add, aligned64);
    code.bytes([op.localTee, ticket, op.i32WrapI64]);
    constant(code, tileMask);
    code.bytes([op.i32And, op.localTee, tile]);
    constant(code, -1);
    get(code, tile);
    get(code, ticket);
    wide(code, tileBits);
    code.bytes([op.i64ShrU, op.i32WrapI64]);
    constant(code, tileMask);
    code.bytes([op.i32And, op.i32LtU, op.select]);
  });

/** () → (): one more tile is done; wakes who waits for it. */
const doneFunction = (): Uint8Array =>
  body([], (code) => {
    constant(code, words.finished);
    constant(code, 1);
    access(code, atomics.i32Add, aligned32);
    code.byte(op.drop);
    constant(code, words.asleep);
    access(code, atomics.i32Load, aligned32);
    code.bytes([op.if, empty]);
    constant(code, words.finished);
    constant(code, 1);
    access(code, atomics.notify, aligned32);
    code.bytes([op.drop, op.end]);
  });

/** (job, frame, tiles) → (): makes the tiles free for all to take, and wakes workers. */
const forkFunction = (): Uint8Array =>
  body([], (code) => {
    const [job, frame, tiles] = [0, 1, 2];
    const store = (address: number, local: number): void => {
      constant(code, address);
      get(code, local);
      access(code, [op.i32Store], aligned32);
    };
    store(words.job, job);
    store(words.frame, frame);
    constant(code, words.finished);
    constant(code, 0);
    access(code, atomics.i32Store, aligned32);
    // The next epoch's ticket: whoever takes a tile has read all that was written before.
    constant(code, words.ticket);
    constant(code, words.ticket);
    access(code, atomics.i64Load, aligned64);
    wide(code, 2 * tileBits);
    code.byte(op.i64ShrU);
    wide(code, 1);
    code.byte(op.i64Add);
    wide(code, 2 * tileBits);
    code.byte(op.i64Shl);
    get(code, tiles);
    code.byte(op.i64ExtendI32U);
    wide(code, tileBits);
    code.bytes([op.i64Shl, op.i64Or]);
    access(code, atomics.i64Store, aligned64);
    constant(code, words.sequence);
    constant(code, 1);
    access(code, atomics.i32Add, aligned32);
    code.byte(op.drop);
    constant(code, words.sequence);
    constant(code, -1);
    access(code, atomics.notify, aligned32);
    code.byte(op.drop);
  });

/** How often the main thread looks before it sleeps: for some microseconds, as long as it takes to be woken. */
const looks = 5000;

/** May this thread sleep? The main thread of a page may not. */
function maySleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
    return true;
  } catch {
    return false;
  }
}

/**
 * (tiles) → (): waits until all tiles are done. Those that nobody had taken are done by now; what is waited for is at most one tile of each worker. The
 * processor that a worker needs may be this thread's own, so it is given up soon.
 */
const joinFunction = (): Uint8Array =>
  body([i32, i32], (code) => {
    const [tiles, finished, looked] = [0, 1, 2];
    code.bytes([op.block, empty, op.loop, empty]);
    constant(code, words.finished);
    access(code, atomics.i32Load, aligned32);
    code.bytes([op.localTee, finished]);
    get(code, tiles);
    code.bytes([op.i32GeU, op.brIf, 1]);
    if (maySleep()) {
      const asleep = (is: number): void => {
        constant(code, words.asleep);
        constant(code, is);
        access(code, atomics.i32Store, aligned32);
      };
      get(code, looked);
      constant(code, 1);
      code.bytes([op.i32Add, op.localTee, looked]);
      constant(code, looks);
      code.bytes([op.i32LtU, op.brIf, 0]);
      asleep(1);
      constant(code, words.finished);
      get(code, finished);
      wide(code, -1);
      access(code, atomics.wait32, aligned32);
      code.byte(op.drop);
      asleep(0);
    }
    code.bytes([op.br, 0, op.end, op.end]);
  });

/** Types and bodies of the functions that threads meet through. */
export const threadFunctions: Readonly<
  Record<
    ThreadFunction,
    { readonly parameters: readonly number[]; readonly results: readonly number[]; readonly body: () => Uint8Array }
  >
> = {
  take: { parameters: [], results: [i32], body: takeFunction },
  done: { parameters: [], results: [], body: doneFunction },
  fork: { parameters: [i32, i32, i32], results: [], body: forkFunction },
  join: { parameters: [i32], results: [], body: joinFunction },
};
