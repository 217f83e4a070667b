/**
 * Imported for its effect by every program of ours: on Node 20 the AWS SDK would otherwise print seven lines about its
 * own future on standard error each time, between the one clear line and the reader.
 */
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
