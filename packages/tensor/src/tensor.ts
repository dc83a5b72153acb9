/// <reference lib="esnext.disposable" preserve="true" />
import { allocate, type DType, type TypedArray } from "./dtype";
import { invariant, TraceError } from "./errors";
import type { TensorMethods } from "./methods";
import type { Aval } from "./primitive";
import { printShape, type Shape, sizeOf } from "./shape";
import type { Tape } from "./tape";
import type { Storage, Target } from "./targets/target";
import { formatTensor } from "./format";

/** Numbers, or nested arrays of them, as `array()` gives and `tensor()` takes. */
export type Nested = number | boolean | readonly Nested[];

/** Of tensors that share their memory. */
interface SharedFate {
  /** The program that took the memory, or `disposed`. */
  ended: string | undefined;
  /** The memory is others', too: to end this gives nothing back. */
  readonly lent: boolean;
}

/** No program's name. */
const disposed = "";

// A class takes no members from a type, so the methods that ./methods installs are merged in.
/* eslint-disable @typescript-eslint/no-unsafe-declaration-merging */
export interface Tensor extends TensorMethods {
  [Symbol.dispose](): void;
}

/**
 * An n-dimensional array of one dtype: an immutable value. Either concrete (it has numbers) or traced (it stands for a value of a
 * program that is being recorded). Every function of one or more tensors is also a method.
 */
export class Tensor {
  readonly shape: Shape;
  readonly dtype: DType;
  /** A number of the host language: takes the dtype of what it meets. Internal. */
  readonly weak: boolean;
  /** The first axis is a bound; a loop decides how many rows there are. Internal: only loops make and read such values. */
  readonly dynamic: boolean;
  /** The tape that a traced value is recorded on; undefined for a concrete tensor. Internal. */
  readonly tape: Tape | undefined;
  /** The value's number on its tape. Internal. */
  readonly id: number;
  /** Where the numbers of a concrete tensor are. Internal: only the target looks inside. */
  readonly storage: Storage;
  private readonly home: Target | undefined;
  /** How it ended, or what it shares that with; undefined as long as there is nothing to say. */
  private fate: string | SharedFate | undefined;

  private constructor(aval: Aval, tape: Tape | undefined, id: number, storage: Storage, home: Target | undefined) {
    if (typeof aval?.dtype !== "string")
      throw new TypeError("Tensor: its constructor is internal; call tensor(values) to make one, without new");
    this.shape = aval.shape;
    this.dtype = aval.dtype;
    this.weak = aval.weak ?? false;
    this.dynamic = aval.dynamic ?? false;
    this.tape = tape;
    this.id = id;
    this.storage = storage;
    this.home = home;
  }

  /** A tensor that takes over `storage`. Internal: users call `tensor`. */
  static concrete(storage: Storage, aval: Aval, target: Target): Tensor {
    return new Tensor(aval, undefined, -1, storage, target);
  }

  /** A tensor with numbers that somebody else holds, too: to dispose of it does nothing to them. Internal. */
  static lent(storage: Storage, aval: Aval, target: Target): Tensor {
    const x = new Tensor(aval, undefined, -1, storage, target);
    x.fate = { ended: undefined, lent: true };
    return x;
  }

  /** The same numbers in the same memory, as another concrete tensor: when one of the two is disposed or donated, both are. Internal. */
  alias(aval: Aval): Tensor {
    const x = new Tensor(aval, undefined, -1, this.storage, this.home);
    if (typeof this.fate !== "object") this.fate = { ended: this.fate, lent: false };
    x.fate = this.fate;
    return x;
  }

  /** A concrete number. */
  static scalar(value: number, dtype: DType, target: Target, weak = false): Tensor {
    const array = allocate(dtype, 1);
    array[0] = dtype === "bool" ? Number(value !== 0) : value;
    return new Tensor({ dtype, shape: [], weak }, undefined, -1, target.upload(array, dtype, []), target);
  }

  /** A value of an open tape. Internal: tapes make them. */
  static traced(tape: Tape, id: number, aval: Aval): Tensor {
    return new Tensor(aval, tape, id, undefined, undefined);
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  get ndim(): number {
    return this.shape.length;
  }

  get target(): Target {
    return this.home ?? this.tape!.target;
  }

  /** Ends this tensor's use: a program has taken its memory. Internal. */
  donate(to: string): void {
    this.end(to);
  }

  /**
   * Ends the use of a concrete tensor, on every target: its memory is given back, and to use it again throws a `TraceError`, as does to use one that
   * shares its memory (a `reshape` of it, or what it is a `reshape` of). `using x = …` does it at the end of the block. A second time, or on a traced
   * tensor, nothing happens. Nobody has to, as the garbage collector gives memory back, too, but later: a large result on wasm has been copied by
   * then, since the next program takes its place.
   */
  dispose(): void {
    if (!this.tape) this.end(disposed);
  }

  private get ended(): string | undefined {
    return typeof this.fate === "object" ? this.fate.ended : this.fate;
  }

  private end(how: string): void {
    if (this.ended !== undefined) return;
    const { fate } = this;
    if (typeof fate === "object") fate.ended = how;
    else this.fate = how;
    if (typeof fate !== "object" || !fate.lent) this.home?.release?.(this.storage);
  }

  /** @throws TraceError if the tensor was disposed or donated. Internal. */
  checkUsable(where: string): void {
    if (this.fate !== undefined) this.refuseEnded(where);
  }

  private refuseEnded(where: string): void {
    const { ended } = this;
    if (ended === undefined) return;
    const what = `${where}: a ${this.dtype}${printShape(this.shape)} tensor was`;
    if (ended === disposed)
      throw new TraceError(
        `${what} disposed, or one that shares its memory was, and can not be used again; dispose of it after its last use`,
      );
    throw new TraceError(
      `${what} donated to ${ended} and can not be used again; use what that call returned, or do not donate it`,
    );
  }

  /** dtype and shape. Internal. */
  get aval(): Aval {
    return this;
  }

  /** This tensor if it has numbers; else the tensor with the numbers behind it, where an eager transform knows them. Internal. */
  concrete(where = "tensor"): Tensor | undefined {
    this.checkUsable(where);
    return this.tape ? this.tape.primal(this.id) : this;
  }

  /** The numbers in row-major order, copied. @throws TraceError for a traced tensor. */
  async data(): Promise<TypedArray> {
    return this.numbers("data");
  }

  /** Like {@link data}, at once. @throws TraceError for a traced tensor, UnsupportedError on targets that cannot wait (webgpu). */
  dataSync(): TypedArray {
    return this.numbersNow("dataSync", "data");
  }

  /** Nested arrays of numbers (booleans for `bool`); a number for a scalar. */
  async array(): Promise<Nested> {
    return nest(await this.numbers("array"), this.shape, this.dtype);
  }

  /** Like {@link array}, at once. */
  arraySync(): Nested {
    return nest(this.numbersNow("arraySync", "array"), this.shape, this.dtype);
  }

  /** The one number of a tensor with one element. */
  async item(): Promise<number> {
    this.checkSingle("item");
    return (await this.numbers("item"))[0]!;
  }

  /** Like {@link item}, at once. Inside an eager `grad`, `jvp` or `vjp` it gives the number behind the traced value. */
  itemSync(): number {
    this.checkSingle("itemSync");
    return this.numbersNow("itemSync", "item")[0]!;
  }

  /** Values (concrete), or dtype and shape (traced). */
  toString(): string {
    const type = `${this.dtype}${printShape(this.shape)}`;
    if (this.tape) return `Tensor(traced, ${type})`;
    const { ended } = this;
    if (ended !== undefined) return `Tensor(${ended === disposed ? "disposed" : "donated"}, ${type})`;
    const values = this.target.read(this.storage);
    if (values instanceof Promise) return `Tensor(${this.target.name}, ${type})`;
    return formatTensor(values, this.shape, this.dtype);
  }

  private checkSingle(where: string): void {
    if (this.size !== 1)
      throw new TraceError(
        `${where}: a tensor of shape ${printShape(this.shape)} has ${this.size} elements; use data() or array()`,
      );
  }

  private numbers(where: string): TypedArray | Promise<TypedArray> {
    const x = this.known(where);
    const values = x.target.read(x.storage);
    // Reading begins now: the tensor may be disposed next.
    return values instanceof Promise ? values.then((numbers) => numbers.slice()) : values.slice();
  }

  /** @param waiting the method that waits */
  private numbersNow(where: string, waiting: string): TypedArray {
    const x = this.known(where);
    const values = x.target.read(x.storage);
    if (values instanceof Promise)
      throw new TraceError(`${where}: numbers on ${x.target.name} cannot be waited for; use await ${waiting}()`);
    return values.slice();
  }

  private known(where: string): Tensor {
    const x = this.concrete(where);
    if (!x)
      throw new TraceError(
        `${where}: a traced ${this.dtype}${printShape(this.shape)} has no numbers yet (inside ${this.tape!.where}); ` +
          `branch with cond, where or whileLoop, or return the value and read it outside`,
      );
    invariant(x.storage !== undefined, "a concrete tensor has storage");
    return x;
  }
}

/**
 * Coercion would hide a branch from the tape, so it always throws and names the remedy. Defined here and not in the class because declarations of
 * a member named by a symbol trip over the class's mapped methods (TS2300).
 */
Object.defineProperty(Tensor.prototype, Symbol.toPrimitive, {
  value(this: Tensor, hint: string): never {
    throw new TraceError(
      `Tensor: a ${this.dtype}${printShape(this.shape)} tensor was coerced to a ${hint === "default" ? "primitive" : hint}; ` +
        `use methods in place of operators (x.add(y), x.less(y)), cond, where or whileLoop to branch on values, ` +
        `itemSync() to read a concrete number, and toString() to print`,
    );
  },
});

// Engines without `using` have no such symbol.
if (typeof Symbol.dispose === "symbol")
  Object.defineProperty(Tensor.prototype, Symbol.dispose, {
    value(this: Tensor): void {
      this.dispose();
    },
  });

// Node's console prints objects by this method, if they have it.
Object.defineProperty(Tensor.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(this: Tensor): string {
    return this.toString();
  },
});

function nest(values: TypedArray, shape: Shape, dtype: DType): Nested {
  const leaf = (i: number): Nested => (dtype === "bool" ? values[i] !== 0 : values[i]!);
  const build = (axis: number, from: number, size: number): Nested => {
    if (axis === shape.length) return leaf(from);
    const step = shape[axis] === 0 ? 0 : size / shape[axis]!;
    return Array.from({ length: shape[axis]! }, (_, i) => build(axis + 1, from + i * step, step));
  };
  return build(0, 0, sizeOf(shape));
}
