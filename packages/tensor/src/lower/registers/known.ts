import type { DType } from "../../dtype";
import type { Emitter, Value } from "../emitter";
import { represent } from "../math/scalar";

/** A number that is known while code is emitted. */
export class Known implements Value {
  readonly dtype: DType;
  readonly number: number;

  constructor(dtype: DType, number: number) {
    this.dtype = dtype;
    this.number = represent(dtype, number);
  }
}

/** The number that a value stands for, if it is known. */
export const knownOf = (value: Value): number | undefined => (value instanceof Known ? value.number : undefined);

export const knownInt = (value: number): Known => new Known("int32", value);

/** The value as another emitter writes it. */
export const spelled = (k: Emitter, value: Value): Value =>
  value instanceof Known ? k.literal(value.dtype, value.number) : value;
