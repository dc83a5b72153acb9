import { allocate, type DType, type TypedArray } from "./dtype";
import { invariant, TraceError } from "./errors";
import type { TensorMethods } from "./methods";
import type { Aval } from "./primitive";
import { printShape, type Shape, sizeOf } from "./shape";
import type { Tape } from "./tape";
import { defaultTarget } from "./targets/default";
import type { Storage, Target } from "./targets/target";
import { formatTensor } from "./format";

/** Numbers, or nested arrays of them, as `array()` gives and `tensor()` takes. */
export type Nested = number | boolean | readonly Nested[];

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
  private donatedTo: string | undefined;

  private constructor(aval: Aval, tape: Tape | undefined, id: number, storage: Storage, home: Target | undefined) {
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

  /** A concrete number. */
  static scalar(value: number, dtype: DType, target: Target = defaultTarget(), weak = false): Tensor {
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
    return this.home ?? this.tape?.target ?? defaultTarget();
  }

  /** Ends this tensor's use: a program has taken its memory. Internal. */
  donate(to: string): void {
    this.donatedTo = to;
    this.home?.release?.(this.storage);
  }

  /**
   * Gives the memory of a tensor back at once where the target has memory of its own (webgpu): using the tensor then throws. On CPU targets nothing
   * happens. `using x = …` does it at the end of the block.
   */
  dispose(): void {
    this.home?.release?.(this.storage);
  }

  /** @throws TraceError if the tensor was donated. Internal. */
  checkUsable(where: string): void {
    if (this.donatedTo !== undefined)
      throw new TraceError(
        `${where}: a ${this.dtype}${printShape(this.shape)} tensor was donated to ${this.donatedTo} and can not be used again; ` +
          `use what that call returned, or do not donate it`,
      );
  }

  /** dtype and shape. Internal. */
  get aval(): Aval {
    return this;
  }

  /** This tensor if it has numbers; else the tensor with the numbers behind it, where an eager transform knows them. Internal. */
  concrete(): Tensor | undefined {
    this.checkUsable("tensor");
    return this.tape ? this.tape.primal(this.id) : this;
  }

  /** The numbers in row-major order, copied. @throws TraceError for a traced tensor. */
  async data(): Promise<TypedArray> {
    const x = this.known("data");
    return (await x.target.read(x.storage)).slice();
  }

  /** Like {@link data}, at once. @throws TraceError for a traced tensor, UnsupportedError on targets that cannot wait (webgpu). */
  dataSync(): TypedArray {
    const x = this.known("dataSync");
    const values = x.target.read(x.storage);
    if (values instanceof Promise)
      throw new TraceError(`dataSync: numbers on ${x.target.name} cannot be waited for; use await data()`);
    return values.slice();
  }

  /** Nested arrays of numbers (booleans for `bool`); a number for a scalar. */
  async array(): Promise<Nested> {
    return nest(await this.data(), this.shape, this.dtype);
  }

  /** Like {@link array}, at once. */
  arraySync(): Nested {
    return nest(this.dataSync(), this.shape, this.dtype);
  }

  /** The one number of a tensor with one element. */
  async item(): Promise<number> {
    this.checkSingle("item");
    return (await this.data())[0]!;
  }

  /** Like {@link item}, at once. Inside an eager `grad`, `jvp` or `vjp` it gives the number behind the traced value. */
  itemSync(): number {
    this.checkSingle("itemSync");
    return this.dataSync()[0]!;
  }

  /** Values (concrete), or dtype and shape (traced). */
  toString(): string {
    if (this.tape) return `Tensor(traced, ${this.dtype}${printShape(this.shape)})`;
    const values = this.target.read(this.storage);
    if (values instanceof Promise) return `Tensor(${this.target.name}, ${this.dtype}${printShape(this.shape)})`;
    return formatTensor(values, this.shape, this.dtype);
  }

  private checkSingle(where: string): void {
    if (this.size !== 1)
      throw new TraceError(
        `${where}: a tensor of shape ${printShape(this.shape)} has ${this.size} elements; use data() or array()`,
      );
  }

  private known(where: string): Tensor {
    const x = this.concrete();
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

function nest(values: TypedArray, shape: Shape, dtype: DType): Nested {
  const leaf = (i: number): Nested => (dtype === "bool" ? values[i] !== 0 : values[i]!);
  const build = (axis: number, from: number, size: number): Nested => {
    if (axis === shape.length) return leaf(from);
    const step = shape[axis] === 0 ? 0 : size / shape[axis]!;
    return Array.from({ length: shape[axis]! }, (_, i) => build(axis + 1, from + i * step, step));
  };
  return build(0, 0, sizeOf(shape));
}
