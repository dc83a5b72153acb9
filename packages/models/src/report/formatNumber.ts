/**
 * A number as people read it: three significant digits, `9.12e-4` below 0.01 and from 100,000 on.
 * Integers below 100,000 are written out.
 */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "-∞";
  if (value === 0 || (Number.isInteger(value) && Math.abs(value) < 1e5)) return String(value + 0);
  const [digits = "", power = "0"] = value.toExponential(2).split("e");
  const exponent = Number(power);
  return exponent >= -2 && exponent < 5 ? value.toFixed(Math.max(0, 2 - exponent)) : `${digits}e${exponent}`;
}

/** The same number as HTML: `9.12 × 10<sup>−4</sup>`, with a real minus sign. */
export function typesetNumber(value: number): string {
  const [digits = "", exponent] = formatNumber(value).replaceAll("-", "−").split("e");
  return exponent === undefined ? digits : `${digits} × 10<sup class="power">${exponent}</sup>`;
}

/** Seconds as people say them: `0.8 s`, `42 s`, `3 min 5 s`, `2 h 10 min`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "unknown";
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
