import sharp from 'sharp';

// Activities run side by side in threads of their own, so one picture must not take every core; and no picture is
// read twice, so a cache only holds memory.
sharp.concurrency(1);
sharp.cache(false);

export { sharp };
