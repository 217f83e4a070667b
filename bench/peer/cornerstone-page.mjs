/*
 * Four views in Cornerstone3D, as its documentation has it: a stack viewport each, the pictures by a loader of one's own. It is
 * told where they are by the page (`globalThis.bench`), and says there when each was drawn.
 */
import { Enums, imageLoader, init, metaData, RenderingEngine, utilities } from '@cornerstonejs/core';

const { views, window: opened } = globalThis.bench;

async function load(imageId) {
  const { url } = views[Number(imageId.split(':')[1])];
  const response = await fetch(url);
  const rows = Number(response.headers.get('x-mammoflow-rows'));
  const columns = Number(response.headers.get('x-mammoflow-columns'));
  const values = new Uint16Array(await response.arrayBuffer());
  const voxelManager = utilities.VoxelManager.createImageVoxelManager({
    width: columns,
    height: rows,
    numberOfComponents: 1,
    scalarData: values,
  });
  return {
    imageId,
    minPixelValue: 0,
    maxPixelValue: 65_535,
    slope: 1,
    intercept: 0,
    windowCenter: opened.centre,
    windowWidth: opened.width,
    voiLUTFunction: Enums.VOILUTFunctionType.LINEAR,
    getPixelData: () => values,
    voxelManager,
    rows,
    columns,
    height: rows,
    width: columns,
    color: false,
    rgba: false,
    numberOfComponents: 1,
    columnPixelSpacing: 1,
    rowPixelSpacing: 1,
    invert: false,
    sizeInBytes: values.byteLength,
    dataType: 'Uint16Array',
  };
}

await init();
imageLoader.registerImageLoader('bench', (imageId) => ({ promise: load(imageId) }));
metaData.addProvider((type, imageId) => {
  const known = views[Number(String(imageId).split(':')[1])];
  if (known === undefined) return undefined;
  const { rows, columns } = known;
  if (type === 'imagePixelModule') {
    return {
      bitsAllocated: 16,
      bitsStored: 16,
      highBit: 15,
      pixelRepresentation: 0,
      samplesPerPixel: 1,
      photometricInterpretation: 'MONOCHROME2',
    };
  }
  if (type === 'imagePlaneModule') {
    return {
      frameOfReferenceUID: imageId,
      rows,
      columns,
      imageOrientationPatient: [1, 0, 0, 0, 1, 0],
      rowCosines: [1, 0, 0],
      columnCosines: [0, 1, 0],
      imagePositionPatient: [0, 0, 0],
      pixelSpacing: [1, 1],
      rowPixelSpacing: 1,
      columnPixelSpacing: 1,
    };
  }
  return type === 'generalSeriesModule' ? { modality: 'MG', seriesInstanceUID: imageId } : undefined;
});
const engine = new RenderingEngine('bench');
engine.setViewports(
  views.map((_, index) => ({
    viewportId: `view-${index}`,
    type: Enums.ViewportType.STACK,
    element: document.getElementById(`view-${index}`),
  })),
);
const rendered = Enums.Events.IMAGE_RENDERED;
globalThis.drawn = new Set();
await Promise.all(
  views.map(async (_, index) => {
    const viewport = engine.getViewport(`view-${index}`);
    const element = document.getElementById(`view-${index}`);
    const seen = new Promise((resolve) => {
      element.addEventListener(rendered, () => {
        if (viewport.getCurrentImageId() !== undefined && viewport.hasImageURI !== undefined) resolve();
      });
    });
    await viewport.setStack([`bench:${index}`]);
    viewport.render();
    await seen;
    globalThis.drawn.add(index);
  }),
);
/** Windows the first view once. */
globalThis.dragTo = (lower, upper) => {
  const viewport = engine.getViewport('view-0');
  viewport.setProperties({ voiRange: { lower, upper } });
  viewport.render();
};
