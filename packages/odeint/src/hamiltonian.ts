import type { Tensor } from "@dzdt/tensor";
import type { Method } from "./step";
import type { SymplecticSolver } from "./tableau";
import type { StateType, VectorField } from "./vectorField";
export function splittingMethod(_s: SymplecticSolver, _f: VectorField<unknown, never>, _a: unknown, _st: StateType): Method {
  throw new Error("todo" as string & Tensor);
}
