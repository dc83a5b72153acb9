import { test } from "vitest";
import { wasmModule } from "../../targets/wasm/module";
import { mathFunctions } from "./functions";
import { references, ulps } from "./testing/references";
import type { MathFunction } from "../emitter";
const W = (n: string, dtype: "float32" | "float64", arity: number) => {
  const m = wasmModule();
  const f = m.declare("f", 1);
  m.define(f, (k, [p]) => {
    k.loop(p!, (i) => {
      const s = dtype === "float32" ? 4 : 8;
      const at = k.mul(i, k.literal("int32", s));
      const args = Array.from({ length: arity }, (_, j) => k.load(dtype, at, 1024 + j * 8 * 65536));
      k.store(dtype, at, 1024 + 2 * 8 * 65536, k.math(n as MathFunction, ...args));
    });
  });
  m.export(f, "f");
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536 });
  const bytes = m.finish();
  const inst = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  const A = dtype === "float32" ? Float32Array : Float64Array;
  const view = (j: number, n: number) => new A(memory.buffer, 1024 + j * 8 * 65536, n);
  return { run: inst.exports.f as (n: number) => void, view, bytes: bytes.length };
};
const N = Number(process.env.N ?? 500);
let seed = 12345;
const rnd = () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return (seed + 0.5) / 2 ** 32 + ((Math.imul(seed, 22695477) + 1) >>> 0) / 2 ** 64;
};
const sgn = () => (rnd() < 0.5 ? -1 : 1);
const logu = (a: number, b: number) => 2 ** (a + (b - a) * rnd());
const uni = (a: number, b: number) => a + (b - a) * rnd();
const dom = (n: string, d: string): number[] => {
  const s = d === "float32";
  const emin = s ? -149 : -1074,
    emax = s ? 128 : 1024;
  const r = rnd();
  const E = s ? 88.7 : 709.7;
  switch (n) {
    case "exp":
      return [r < 0.4 ? uni(s ? -104 : -746, E) : r < 0.7 ? uni(-2, 2) : sgn() * logu(-60, 6)];
    case "expm1":
      return [r < 0.3 ? uni(-40, E) : r < 0.7 ? uni(-2, 2) : sgn() * logu(emin, 0)];
    case "log":
      return [
        r < 0.3 ? logu(emin, emax) : r < 0.6 ? uni(0.4, 2.5) : r < 0.8 ? 1 + sgn() * logu(-50, -1) : logu(-10, 10),
      ];
    case "log1p":
      return [
        r < 0.3 ? logu(-60, emax) : r < 0.6 ? uni(-0.99, 2.5) : r < 0.8 ? sgn() * logu(emin, -1) : -1 + logu(-50, -1),
      ];
    case "sin":
    case "cos":
    case "tan": {
      if (r < 0.2) return [uni(-7, 7)];
      if (r < 0.4) return [sgn() * logu(emin, 10)];
      if (r < 0.6) return [sgn() * logu(0, emax)];
      if (r < 0.8) {
        const k = Math.round(uni(-40000, 40000));
        return [(k * Math.PI) / 2];
      }
      return [sgn() * logu(-3, s ? 13 : 17)];
    }
    case "asin":
    case "acos":
      return [
        r < 0.4
          ? uni(-1, 1)
          : r < 0.6
            ? sgn() * logu(emin, 0)
            : r < 0.8
              ? sgn() * (1 - logu(-53, 0))
              : sgn() * uni(0.45, 0.55),
      ];
    case "atan":
      return [r < 0.4 ? uni(-4, 4) : r < 0.8 ? sgn() * logu(-60, 60) : sgn() * logu(emin, emax)];
    case "atan2": {
      if (r < 0.4) return [uni(-1, 1), uni(-1, 1)];
      if (r < 0.6) {
        return [sgn() * logu(emin, emax), sgn() * logu(emin, emax)];
      }
      const a = sgn() * logu(-30, 30);
      return [a, sgn() * a * logu(-4, 4)];
    }
    case "sinh":
    case "tanh":
      return [r < 0.4 ? uni(-3, 3) : r < 0.7 ? sgn() * logu(emin, 3) : uni(-E, E)];
    case "cosh":
      return [r < 0.4 ? uni(-3, 3) : r < 0.7 ? sgn() * logu(-60, 3) : uni(-E - 0.5, E + 0.5)];
    case "erf":
      return [r < 0.6 ? uni(-3, 3) : r < 0.8 ? uni(-7, 7) : sgn() * logu(emin, 0)];
    case "erfinv":
      return [r < 0.4 ? uni(-1, 1) : r < 0.6 ? sgn() * logu(emin, 0) : sgn() * (1 - logu(s ? -24 : -53, 0))];
    case "pow": {
      const x =
        r < 0.3 ? logu(emin, emax) : r < 0.6 ? uni(0.5, 2) : r < 0.8 ? 1 + sgn() * logu(-30, -1) : logu(-10, 10);
      const l = Math.log(x);
      const t = rnd() < 0.8 ? uni(s ? -103 : -744, E) : uni(-5, 5);
      return [x, t / l];
    }
  }
  return [0];
};
test("acc", () => {
  for (const n of (process.env.F?.split(",") ?? Object.keys(mathFunctions)) as MathFunction[])
    for (const d of ["float32", "float64"] as const) {
      const ar = mathFunctions[n].arguments;
      const w = W(n, d, ar);
      const A = d === "float32" ? Float32Array : Float64Array;
      const xs = w.view(0, N),
        ys = w.view(1, N),
        zs = w.view(2, N);
      for (let i = 0; i < N; i++) {
        const v = dom(n, d);
        xs[i] = v[0]!;
        ys[i] = v[1] ?? 0;
      }
      w.run(N);
      let worst = 0,
        wx = 0,
        wy = 0,
        wz = 0,
        sum = 0;
      const t0 = performance.now();
      let tm = performance.now();
      for (let i = 0; i < N; i++) {
        const x = xs[i]!,
          y = ys[i]!;
        if (x === 0 || !Number.isFinite(x) || !Number.isFinite(y)) continue;
        if ((n === "asin" || n === "acos" || n === "erfinv") && Math.abs(x) >= 1) continue;
        if ((n === "log" && x === 1) || (n === "log1p" && x <= -1) || (n === "pow" && x === 1)) continue;
        if (n === "atan2" && y === 0) continue;
        let u;
        try {
          u = ulps(zs[i]!, references[n](x, y), d);
        } catch (e) {
          console.log(n, x, y, String(e).slice(0, 80));
          continue;
        }
        sum += u;
        if (u > worst) {
          worst = u;
          wx = x;
          wy = y;
          wz = zs[i]!;
        }
      }
      const ref = ((performance.now() - t0) / N) * 1000;
      const x2 = w.view(0, 4096);
      for (let i = 0; i < 4096; i++) {
        x2[i] =
          n === "erfinv" || n === "asin" || n === "acos"
            ? uni(-1, 1)
            : n === "log" || n === "pow"
              ? uni(0.1, 10)
              : uni(-5, 5);
      }
      const y2 = w.view(1, 4096);
      for (let i = 0; i < 4096; i++) y2[i] = uni(-3, 3);
      let best = 1e9;
      for (let r = 0; r < 400; r++) {
        const t = performance.now();
        w.run(4096);
        best = Math.min(best, performance.now() - t);
      }
      console.log(
        n.padEnd(7),
        d,
        "max ulp",
        worst.toFixed(3),
        "mean",
        (sum / N).toFixed(3),
        "at",
        wx,
        ar === 2 ? wy : "",
        "->",
        wz,
        "| ns",
        ((best / 4096) * 1e6).toFixed(1),
        "ref us",
        ref.toFixed(0),
        "bytes",
        w.bytes,
      );
    }
}, 600000);
