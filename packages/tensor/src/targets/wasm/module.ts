import type { DType } from "../../dtype";
import { invariant } from "../../errors";
import type { MathFunction, Value } from "../../lower/emitter";
import type { FunctionHandle, MachineEmitter, MachineModule, MatmulSpec } from "../../lower/machine";
import { mathRule } from "../../lower/math/functions";
import { localType } from "./emit-operations";
import type { Callees } from "./callees";
import { WasmEmitter } from "./emit";
import { ByteWriter, i32, preamble, sections, v128 } from "./encode";
import { type Engine, plainEngine } from "./engine";
import { mathOfVectors } from "./lane-math";
import { lanesPerPart, widthOf } from "./lane-values";
import { laneEmitter } from "./lanes";
import { matmulArguments, matmulFunction, matmulKey } from "./matmul";
import type { ThreadFunction } from "./threads/parallel";
import { threadFunctions } from "./threads/ticket";

/** The most pages a memory can have; declaring it lets engines guard accesses by page protection instead of by comparison. */
export const maxPages = 65536;

/** Copies of an elementary function on vectors: a call costs as much again as it computes, but so many copies take long to compile. */
const mostCopies = 24;

/** Kinds of memory limits. */
const [withMaximum, sharedWithMaximum] = [1, 3];

interface FunctionRecord {
  readonly name: string;
  readonly type: number;
  body: Uint8Array | undefined;
}

/** Assembles one binary module that imports its memory as `env.memory`. */
export class WasmModule implements MachineModule, Callees {
  readonly #functions: FunctionRecord[] = [];
  readonly #types = new Map<string, number>();
  readonly #exports = new Map<string, number>();
  readonly #shared = new Map<string, number>();
  readonly #copies = new Map<MathFunction | "rem", number>();
  readonly engine: Engine;
  readonly addressable = true;
  #jobs = 0;
  #usesHeap = false;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  #type(parameters: readonly number[], results: readonly number[]): number {
    const key = `${parameters.join()}>${results.join()}`;
    const known = this.#types.get(key);
    if (known !== undefined) return known;
    this.#types.set(key, this.#types.size);
    return this.#types.size - 1;
  }

  #add(name: string, parameters: readonly number[], results: readonly number[]): number {
    return this.#functions.push({ name, type: this.#type(parameters, results), body: undefined }) - 1;
  }

  declare(name: string, parameters: number): FunctionHandle {
    return { index: this.#add(name, new Array<number>(parameters).fill(i32), []), parameters };
  }

  define(handle: FunctionHandle, body: (k: MachineEmitter, parameters: readonly Value[]) => void): void {
    const record = this.#functions[handle.index]!;
    invariant(record.body === undefined, `wasm function ${record.name} is defined twice`);
    const k = new WasmEmitter(new Array<DType>(handle.parameters).fill("int32"), this);
    body(k, k.parameters);
    record.body = k.finish();
  }

  export(handle: FunctionHandle, name: string): void {
    invariant(!this.#exports.has(name), `wasm export ${name} is given twice`);
    this.#exports.set(name, handle.index);
  }

  /** The number of a function that is made when it is first asked for. */
  #once(key: string, parameters: readonly number[], results: readonly number[], body: () => Uint8Array): number {
    let index = this.#shared.get(key);
    if (index === undefined) {
      this.#shared.set(key, (index = this.#add(key, parameters, results)));
      this.#functions[index]!.body = body();
    }
    return index;
  }

  math(name: MathFunction | "rem", dtype: DType): number {
    const rule = mathRule(name);
    const parameters = new Array<DType>(rule.arguments).fill(dtype);
    return this.#once(`${name}.${dtype}`, parameters.map(localType), [localType(dtype)], () => {
      const k = new WasmEmitter(parameters, this);
      return k.finish(rule.emit(k, k.parameters));
    });
  }

  vectorMath(name: MathFunction | "rem", dtype: DType, vectors: number): number {
    const parameters = new Array<number>(vectors * mathRule(name).arguments).fill(v128);
    return this.#once(`${name}.${dtype}x${vectors}`, parameters, parameters.slice(0, vectors), () =>
      new WasmEmitter(parameters.length, this).finishLanes(vectors * lanesPerPart(widthOf(dtype)), (lanes) =>
        mathOfVectors(lanes, laneEmitter(lanes, this), name, dtype),
      ),
    );
  }

  repeatsMath(name: MathFunction | "rem"): boolean {
    const copies = this.#copies.get(name) ?? 0;
    this.#copies.set(name, copies + 1);
    return !mathRule(name).long && copies < mostCopies;
  }

  matmul(spec: MatmulSpec): number {
    const parameters = matmulArguments(spec).map(() => i32);
    return this.#once(matmulKey(spec), parameters, [], () => matmulFunction(spec, this.engine));
  }

  get threads(): number {
    return this.engine.threads;
  }

  get available(): number {
    return this.engine.available ?? this.engine.threads;
  }

  thread(name: ThreadFunction): number {
    const { parameters, results, body } = threadFunctions[name];
    return this.#once(name, parameters, results, body);
  }

  /** How many functions there are so far. */
  get functions(): number {
    return this.#functions.length;
  }

  /** How many functions other threads may be asked to run. */
  get jobs(): number {
    return this.#jobs;
  }

  job(handle: FunctionHandle): number {
    const number = this.#jobs++;
    this.export(handle, `tile${number}`);
    return number;
  }

  noteHeap(): void {
    this.#usesHeap = true;
  }

  /** Does it take memory beyond its frame? */
  get usesHeap(): boolean {
    return this.#usesHeap;
  }

  finish(): Uint8Array<ArrayBuffer> {
    const out = new ByteWriter();
    out.bytes(preamble);
    out.section(sections.type, (s) => {
      s.unsigned(this.#types.size);
      for (const key of this.#types.keys()) {
        s.byte(0x60);
        for (const side of key.split(">")) s.sized(Uint8Array.from(side === "" ? [] : side.split(",").map(Number)));
      }
    });
    out.section(sections.import, (s) => {
      s.unsigned(1);
      s.name("env");
      s.name("memory");
      s.bytes([2, this.threads > 1 ? sharedWithMaximum : withMaximum]);
      s.unsigned(1);
      s.unsigned(maxPages);
    });
    out.section(sections.function, (s) => {
      s.unsigned(this.#functions.length);
      for (const { type } of this.#functions) s.unsigned(type);
    });
    out.section(sections.export, (s) => {
      s.unsigned(this.#exports.size);
      for (const [name, index] of this.#exports) {
        s.name(name);
        s.byte(0);
        s.unsigned(index);
      }
    });
    out.section(sections.code, (s) => {
      s.unsigned(this.#functions.length);
      for (const { name, body } of this.#functions) {
        invariant(body !== undefined, `wasm function ${name} is declared but not defined`);
        s.sized(body);
      }
    });
    // Names for stack traces and profilers.
    out.section(sections.custom, (s) => {
      s.name("name");
      s.section(1, (names) => {
        names.unsigned(this.#functions.length);
        this.#functions.forEach(({ name }, index) => {
          names.unsigned(index);
          names.name(name);
        });
      });
    });
    return out.written();
  }
}

/** An empty WebAssembly module; `finish` gives its bytes once every declared function has been defined. */
export const wasmModule = (engine: Engine = plainEngine): WasmModule => new WasmModule(engine);
