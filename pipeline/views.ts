/**
 * The four standard screening views in the order in which every stage walks them (PIPELINE.md, conventions): random
 * streams are drawn in this order, so it is part of the result. Laterality (L, R) and view position (CC, MLO) are
 * DICOM's terms (0020,0062 and 0018,5101).
 */
export const VIEWS = ['L_CC', 'R_CC', 'L_MLO', 'R_MLO'] as const;
export type View = (typeof VIEWS)[number];
export type Laterality = 'L' | 'R';
export type ViewPosition = 'CC' | 'MLO';

export const lateralityOf = (view: View): Laterality => (view.startsWith('L') ? 'L' : 'R');
export const viewPositionOf = (view: View): ViewPosition => (view.endsWith('MLO') ? 'MLO' : 'CC');
