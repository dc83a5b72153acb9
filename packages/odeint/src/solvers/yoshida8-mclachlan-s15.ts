import { symplecticSplitting, type SymplecticSolver } from "../tableau";

/**
 * Fifteen-stage composition of order 8, drift first. Suzuki and Umeno 1993, doi:10.1007/978-3-642-78448-4_7;
 * McLachlan 1995, doi:10.1137/0916010.
 */
export const yoshida8MclachlanS15: SymplecticSolver = symplecticSplitting({
  name: "yoshida8MclachlanS15",
  order: 8,
  sequence: [
    ["drift", 0.3708351821753065],
    ["kick", 0.741670364350613],
    ["drift", 0.16628476927529068],
    ["kick", -0.4091008258000316],
    ["drift", -0.1091730577518966],
    ["kick", 0.1907547102962384],
    ["drift", -0.19155388040992194],
    ["kick", -0.5738624711160822],
    ["drift", -0.13739914490621316],
    ["kick", 0.2990641813036559],
    ["drift", 0.31684454977447707],
    ["kick", 0.33462491824529816],
    ["drift", 0.3249590053210324],
    ["kick", 0.3152930923967666],
    ["drift", -0.24079742347807487],
    ["kick", -0.7968879393529164],
    ["drift", -0.24079742347807487],
    ["kick", 0.3152930923967666],
    ["drift", 0.3249590053210324],
    ["kick", 0.33462491824529816],
    ["drift", 0.31684454977447707],
    ["kick", 0.2990641813036559],
    ["drift", -0.13739914490621316],
    ["kick", -0.5738624711160822],
    ["drift", -0.19155388040992194],
    ["kick", 0.1907547102962384],
    ["drift", -0.1091730577518966],
    ["kick", -0.4091008258000316],
    ["drift", 0.16628476927529068],
    ["kick", 0.741670364350613],
    ["drift", 0.3708351821753065],
  ],
  reference: "McLachlan 1995, doi:10.1137/0916010",
});
