import { positive, type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** Angle of the point (x, y), in [−π, π]; the first input is y. ∂/∂y = x/(x² + y²), ∂/∂x = −y/(x² + y²), undefined at the origin. */
export const atan2: Primitive = elementwise({
  name: "atan2",
  domain: [real, positive],
  takes: "float",
  partials: [
    (o, [y, x]) => o.div(x!, o.add(o.mul(x!, x!), o.mul(y!, y!))),
    (o, [y, x]) => o.neg(o.div(y!, o.add(o.mul(x!, x!), o.mul(y!, y!)))),
  ],
  singular: true,
  emit: (k, y, x) => k.math("atan2", y, x),
});
