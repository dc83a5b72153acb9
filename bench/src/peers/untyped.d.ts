// What is used of a package without types.

declare module "ode45-cash-karp" {
  export default function integrator(
    y0: Float64Array,
    field: (dy: Float64Array, y: Float64Array, t: number) => void,
    t0: number,
    dt0: number,
    options: { tol: number; errorScaleFunction: (i: number, dt: number, y: number, dydt: number) => number },
  ): { y: Float64Array; step(limit: number): boolean };
}
