/** 4,000 objects of 1,000 exams come one event each, as fast as the server takes the uploads. */
export const REQUESTS_PER_SECOND = 1000;
