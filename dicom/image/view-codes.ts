/*
 * Codes of PS3.16 for views of a mammogram and what modifies them: SNOMED CT, as the standard has them now, and the SRT and
 * SNM3 codes that older devices write for the same (PS3.16, annex on mapping).
 */

/** CID 4014. Only the first two are standard screening views. */
export const VIEW_CODES: readonly { readonly codes: readonly string[]; readonly view: string }[] = [
  { codes: ['399162004', 'R-10242'], view: 'CC' },
  { codes: ['399368009', 'R-10226'], view: 'MLO' },
  { codes: ['399260004', 'R-10224'], view: 'ML' },
  { codes: ['399352003', 'R-10228'], view: 'LM' },
  { codes: ['399099002', 'R-10230'], view: 'LMO' },
  { codes: ['399196006', 'R-10244'], view: 'FB' },
  { codes: ['399188001', 'R-102D0'], view: 'SIO' },
  { codes: ['441555000', 'R-40AAA'], view: 'ISO' },
  { codes: ['399192008', 'R-1024A'], view: 'XCCL' },
  { codes: ['399101009', 'R-1024B'], view: 'XCCM' },
  { codes: ['127457009', 'G-8310'], view: 'SPECIMEN' },
];

/** CID 4015, in the words in which they are reported. */
export const MODIFIER_CODES: readonly { readonly codes: readonly string[]; readonly modifier: string }[] = [
  { codes: ['399161006', 'R-102D2'], modifier: 'cleavage' },
  { codes: ['399011000', 'R-102D1'], modifier: 'axillary tail' },
  { codes: ['399197002', 'R-102D3'], modifier: 'rolled lateral' },
  { codes: ['399226006', 'R-102D4'], modifier: 'rolled medial' },
  { codes: ['414493004', 'R-102CA'], modifier: 'rolled inferior' },
  { codes: ['415670009', 'R-102C9'], modifier: 'rolled superior' },
  { codes: ['399209000', 'R-102D5'], modifier: 'implant displaced' },
  { codes: ['399163009', 'R-102D6'], modifier: 'magnification' },
  { codes: ['399055006', 'R-102D7'], modifier: 'spot compression' },
  { codes: ['399110001', 'R-102C2'], modifier: 'tangential' },
  { codes: ['442581004', 'R-40AB3'], modifier: 'nipple in profile' },
  { codes: ['441752004', 'P2-00161'], modifier: 'anterior compression' },
  { codes: ['442593008', 'R-40ABE'], modifier: 'infra-mammary fold' },
  { codes: ['442580003', 'R-40AB2'], modifier: 'axillary tissue' },
];

export const CODING_SCHEMES: readonly string[] = ['SCT', 'SRT', 'SNM3'];
export const IMPLANT_DISPLACED = 'implant displaced';
/** Says how a standard view was positioned, and makes it no other view. */
export const NIPPLE_IN_PROFILE = 'nipple in profile';
