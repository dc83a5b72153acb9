import { byteSize, type TypedArray } from "../../dtype";
import { OutOfMemoryError } from "../../errors";
import { failureOf, mostFacts } from "../../failures";
import { formatCount, formatTape } from "../../format";
import { rowSlots } from "../../lower/addressing";
import { operationsOf } from "../../lower/elements";
import { Frame } from "../../lower/frame";
import { failureFacts, failureWord, frameStart } from "../../lower/heap";
import { inspectPlan } from "../../lower/inspect";
import { literalsOf } from "../../lower/literals";
import { Lowering } from "../../lower/lower";
import { placeInputs, type Plan, planTape } from "../../lower/plan";
import { leastOperations, WorthSharing } from "../../lower/tiles";
import { prune } from "../../passes/prune";
import type { Aval } from "../../primitive";
import { sizeOf } from "../../shape";
import type { Tape } from "../../tape";
import type { Program, Storage } from "../target";
import { type Engine, plainEngine } from "./engine";
import { heldBytes, type Instance, maxBytes, outOfMemory, type WasmMemory } from "./memory";
import { type WasmModule, wasmModule } from "./module";
import { numbersOf } from "./residents";

/** The first free byte of the heap. */
const topWord = 0;

interface Port {
  readonly aval: Aval;
  readonly size: number;
  /** Where the value is: its address, or that of the slots of a dynamic value. */
  readonly at: number;
  readonly literal: number | undefined;
}

/**
 * Gives a program of several threads; one that has no work for them runs on one, whose memory is faster to copy into and out of. Which it is
 * shows when it is lowered; what is tried first is a guess, so that few programs are lowered twice.
 */
export function threadedProgram(source: Tape, memory: WasmMemory, engine: Engine, alone: WasmMemory): Program {
  const single = { ...engine, threads: 1 };
  const kernels = source.nodes.filter(({ op, outs }) => op.element && !source.avals[outs[0]!]!.dynamic);
  // Of products only the results are counted.
  if (2 * operationsOf(source, kernels) >= leastOperations) {
    const made = lowered(source, engine);
    return made.forks ? programOf(made, memory, engine) : wasmProgram(source, alone, single);
  }
  try {
    return programOf(lowered(source, { ...single, available: engine.threads }), alone, single);
  } catch (error) {
    if (!(error instanceof WorthSharing)) throw error;
    return wasmProgram(source, memory, engine);
  }
}

/**
 * One module for a whole tape. Its memory is laid out when it is made: a word for the top of the heap, then one frame with inputs, results and
 * all that lies between; rows of dynamic values lie above. A run copies inputs in, calls one function, and copies small results out; large ones stay
 * (see `Resident`).
 * @throws OutOfMemoryError when the frame is larger than addresses reach
 */
export const wasmProgram = (source: Tape, memory: WasmMemory, engine: Engine = plainEngine): Program =>
  programOf(lowered(source, engine), memory, engine);

function programOf(made: Lowered, memory: WasmMemory, engine: Engine): Program {
  const { where, forks, functions, frameBytes, usesHeap, inputs, outputs } = made;
  const reach = usesHeap ? Infinity : frameBytes;
  // Until there is a module, which has its own.
  let code: Uint8Array<ArrayBuffer> | undefined = made.bytes;
  const { length } = code;
  let module: WebAssembly.Module | undefined;
  const view = (port: Port): TypedArray | undefined =>
    port.aval.dynamic || port.literal !== undefined ? undefined : memory.view(port.aval.dtype, port.at, port.size);
  const instance = (): Instance => {
    module ??= new WebAssembly.Module(code!);
    code = undefined;
    const start = instantiate(module, memory);
    return { start: forks ? memory.share(module, start) : start, version: -1, targets: [], sources: [] };
  };
  const look = (here: Instance): void => {
    here.version = memory.version;
    here.targets = inputs.map(view);
    here.sources = outputs.map(view);
  };
  return {
    bytes: length,
    run: (given) => {
      memory.ensure(where, frameBytes);
      const here = memory.instanceOf(inputs, instance);
      const held = memory.heldBy(here);
      if (here.version !== memory.version) look(here);
      if (memory.residents.lowest < reach) memory.residents.clear(where, reach, given, here.targets, held);
      let top = frameBytes;
      for (let k = 0; k < inputs.length; k++) {
        if (here.version !== memory.version) look(here);
        const values = given[k] as TypedArray;
        const target = here.targets[k];
        if (!target) top = writeRows(where, memory, inputs[k]!, numbersOf(values), top);
        else if (target.length === 1) target[0] = values[0]!;
        else if (target.byteLength < heldBytes) target.set(values);
        else if (held[k] !== values) {
          target.set(numbersOf(values));
          held[k] = values;
        }
      }
      memory.writeWord(topWord, top);
      memory.writeWord(failureWord, 0);
      call(here.start, where, memory);
      memory.refresh();
      const failure = memory.readWord(failureWord);
      if (failure !== 0) throw failureOf(failure, memory.view("float64", failureFacts, mostFacts));
      if (here.version !== memory.version) look(here);
      const results = new Array<Storage>(outputs.length);
      for (let k = 0; k < outputs.length; k++) {
        const source = here.sources[k];
        results[k] = source ? memory.result(where, outputs[k]!.aval.dtype, source) : readPort(memory, outputs[k]!);
      }
      return results;
    },
    inspect: (source) => {
      const tape = prune(source);
      const { plan, lowering, frame } = layOut(tape, engine);
      return [
        formatTape(tape, lowering.first),
        inspectPlan(plan, frame.bytes - frameStart(engine.threads), lowering.callee),
        `code ${formatCount(length)} bytes: ${functions} functions`,
      ].join("\n");
    },
  };
}

/** What is left of a tape: neither it nor its tables, which are several times as large. */
interface Lowered {
  readonly where: string;
  /** The module. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** It has work for several threads. */
  readonly forks: boolean;
  /** How many it has. */
  readonly functions: number;
  readonly frameBytes: number;
  /** It writes beyond its frame. */
  readonly usesHeap: boolean;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

interface LaidOut {
  readonly plan: Plan;
  readonly lowering: Lowering;
  readonly module: WasmModule;
  readonly frame: Frame;
}

function layOut(tape: Tape, engine: Engine): LaidOut {
  const frame = new Frame(frameStart(engine.threads));
  const places = placeInputs(
    frame,
    tape.inputs.map((id) => tape.avals[id]!),
  );
  const module = wasmModule(engine);
  const lowering = new Lowering(module, { rowLoops: engine.threads, sums: true, keptRows: true });
  const plan = planTape(tape, frame, places, lowering.callee, lowering.layout);
  return { plan, lowering, module, frame };
}

/** A function apart from the program's, whose closures would else keep plan and emitter alive for as long as the program. */
function lowered(source: Tape, engine: Engine): Lowered {
  const tape = prune(source);
  const { plan, lowering, module, frame } = layOut(tape, engine);
  if (frame.bytes > maxBytes) throw outOfMemory(tape.where, frame.bytes);
  const main = module.declare("main", 0);
  module.define(main, (k) => lowering.emitPlan({ k, frame: k.literal("int32", 0), fixed: true }, plan));
  module.export(main, "main");

  const literals = literalsOf(tape);
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
    where: tape.where,
    bytes: module.finish(),
    forks: module.jobs > 0,
    functions: module.functions,
    frameBytes: frame.bytes,
    usesHeap: module.usesHeap || tape.inputs.some((id) => tape.avals[id]!.dynamic),
    inputs: tape.inputs.map(port),
    outputs: tape.outputs.map(port),
  };
}

function instantiate(module: WebAssembly.Module, memory: WasmMemory): () => void {
  const instance = new WebAssembly.Instance(module, { env: { memory: memory.memory } });
  return instance.exports["main"] as () => void;
}

function call(start: () => void, where: string, memory: WasmMemory): void {
  try {
    start();
    if (memory.broken) throw new WebAssembly.RuntimeError("another thread stopped");
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    memory.renew(where);
    throw new OutOfMemoryError(
      `${where}: the program stopped (${error.message}), as it does when memory has run out; use smaller batches, checkpoints, or fewer steps`,
      { cause: error },
    );
  }
}

/** Rows come packed; in memory each begins at a multiple of 16 bytes. Gives the first free byte after them. */
function writeRows(where: string, memory: WasmMemory, port: Port, values: TypedArray, top: number): number {
  const { shape, dtype } = port.aval;
  const rowSize = sizeOf(shape.slice(1));
  const stride = Math.ceil((rowSize * byteSize(dtype)) / 16) * 16;
  const rows = rowSize === 0 ? 0 : values.length / rowSize;
  const end = top + rows * stride;
  const slots = rowSlots(port.at);
  memory.ensure(where, end);
  memory.writeWord(slots.address, top);
  memory.writeWord(slots.stride, stride);
  memory.writeWord(slots.rows, rows);
  if (rowSize * byteSize(dtype) === stride) memory.view(dtype, top, values.length).set(values);
  else
    for (let r = 0; r < rows; r++)
      memory.view(dtype, top + r * stride, rowSize).set(values.subarray(r * rowSize, (r + 1) * rowSize));
  return end;
}

/** The value of a port without a fixed place. */
function readPort(memory: WasmMemory, { aval, size, at, literal }: Port): TypedArray {
  const { dtype, shape } = aval;
  if (literal !== undefined) return memory.allocate(dtype, size).fill(literal);
  const rowSize = sizeOf(shape.slice(1));
  const slots = rowSlots(at);
  const address = memory.readWord(slots.address) >>> 0;
  const stride = memory.readWord(slots.stride);
  const rows = memory.readWord(slots.rows);
  const packed = memory.allocate(dtype, rows * rowSize);
  for (let r = 0; r < rows; r++) packed.set(memory.view(dtype, address + r * stride, rowSize), r * rowSize);
  return packed;
}
