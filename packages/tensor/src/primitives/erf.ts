import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** Error function 2/√π ∫₀ˣ e^(−t²) dt. The derivative is 2/√π e^(−x²). */
export const erf: Primitive = elementwise({
  name: "erf",
  domain: real,
  takes: "float",
  partials: [(o, [x]) => o.mul(o.exp(o.neg(o.mul(x!, x!))), 2 / Math.sqrt(Math.PI))],
  emit: (k, x) => k.math("erf", x),
});
