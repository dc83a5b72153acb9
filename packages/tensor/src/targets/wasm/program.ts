import { byteSize, type TypedArray } from "../../dtype";
import { UnsupportedError } from "../../errors";
import { failureOf } from "../../failures";
import { formatTape } from "../../format";
import { rowSlots } from "../../lower/addressing";
import { Frame } from "../../lower/frame";
import { failureWord, firstFrame } from "../../lower/heap";
import { Lowering } from "../../lower/lower";
import { placeInputs, planTape } from "../../lower/plan";
import { prune } from "../../passes/prune";
import type { Aval } from "../../primitive";
import { sizeOf } from "../../shape";
import type { Tape } from "../../tape";
import type { Program } from "../target";
import type { WasmMemory } from "./memory";
import { wasmModule } from "./module";

interface Port {
  readonly aval: Aval;
  readonly size: number;
  /** Where the value is: its address, or that of the slots of a dynamic value. */
  readonly at: number;
  readonly literal: number | undefined;
}

/**
 * One module for a whole tape. Its memory is laid out when it is made: a word for the top of the heap, then one frame with inputs, results and
 * all that lies between; rows of dynamic values lie above. A run copies inputs in, calls one function, and copies results out.
 */
export function wasmProgram(source: Tape, memory: WasmMemory): Program {
  const { tape, bytes, frameBytes, inputs, outputs } = lowered(source);
  let start: (() => void) | undefined;
  return {
    run: (given) => {
      start ??= instantiate(bytes, memory);
      memory.ensure(frameBytes);
      let top = frameBytes;
      for (let k = 0; k < inputs.length; k++) {
        const { aval, at } = inputs[k]!;
        const values = given[k] as TypedArray;
        if (aval.dynamic) top = writeRows(memory, aval, at, values, top);
        else memory.write(at, values);
      }
      memory.write(0, Int32Array.of(top, 0));
      call(start, tape.where);
      const failure = memory.read(failureWord, "int32", 1)[0]!;
      if (failure !== 0) throw failureOf(failure);
      return outputs.map((out) => readPort(memory, out));
    },
    inspect: () => `${formatTape(tape)}\n${frameBytes} bytes of memory, ${bytes.length} bytes of code`,
  };
}

interface Lowered {
  readonly tape: Tape;
  /** The module. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly frameBytes: number;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/** A function apart from the program's, whose closures would else keep plan and emitter alive for as long as the program. */
function lowered(source: Tape): Lowered {
  const tape = prune(source);
  const frame = new Frame(firstFrame);
  const places = placeInputs(
    frame,
    tape.inputs.map((id) => tape.avals[id]!),
  );
  const module = wasmModule();
  const lowering = new Lowering(module);
  const plan = planTape(tape, frame, places, lowering.callee);
  const main = module.declare("main", 0);
  module.define(main, (k) => lowering.emitPlan({ k, frame: k.literal("int32", 0), fixed: true }, plan));
  module.export(main, "main");

  const literals = new Map(tape.literals.map(({ id, value }) => [id, value]));
  const port = (id: number): Port => {
    const place = plan.places[id];
    const aval = tape.avals[id]!;
    return {
      aval,
      size: sizeOf(aval.shape),
      at: place ? (place.kind === "frame" ? place.offset : place.slot) : 0,
      literal: place ? undefined : literals.get(id),
    };
  };
  return {
    tape,
    bytes: module.finish(),
    frameBytes: frame.bytes,
    inputs: tape.inputs.map(port),
    outputs: tape.outputs.map(port),
  };
}

function instantiate(bytes: Uint8Array<ArrayBuffer>, memory: WasmMemory): () => void {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory: memory.memory } });
  return instance.exports["main"] as () => void;
}

function call(start: () => void, where: string): void {
  try {
    start();
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    throw new UnsupportedError(
      `${where}: the program stopped (${error.message}); most often memory has run out: use smaller batches, checkpoints, or fewer steps`,
      { cause: error },
    );
  }
}

/** Rows come packed; in memory each begins at a multiple of 16 bytes. Gives the first free byte after them. */
function writeRows(memory: WasmMemory, aval: Aval, slot: number, values: TypedArray, top: number): number {
  const rowSize = sizeOf(aval.shape.slice(1));
  const stride = Math.ceil((rowSize * byteSize(aval.dtype)) / 16) * 16;
  const rows = rowSize === 0 ? 0 : values.length / rowSize;
  const slots = rowSlots(slot);
  memory.ensure(top + rows * stride);
  memory.write(slots.address, Int32Array.of(top));
  memory.write(slots.stride, Int32Array.of(stride));
  memory.write(slots.rows, Int32Array.of(rows));
  for (let r = 0; r < rows; r++) memory.write(top + r * stride, values.subarray(r * rowSize, (r + 1) * rowSize));
  return top + rows * stride;
}

function readPort(memory: WasmMemory, { aval, size, at, literal }: Port): TypedArray {
  if (literal !== undefined) return memory.read(0, aval.dtype, size).fill(literal);
  if (!aval.dynamic) return memory.read(at, aval.dtype, size);
  const rowSize = sizeOf(aval.shape.slice(1));
  const [address, stride, rows] = memory.read(at, "uint32", 3) as unknown as [number, number, number];
  const all = memory.read(0, aval.dtype, 0).constructor as new (length: number) => TypedArray;
  const packed = new all(rows * rowSize);
  for (let r = 0; r < rows; r++) packed.set(memory.read(address + r * stride, aval.dtype, rowSize), r * rowSize);
  return packed;
}
