# Who may do what. A policy each, and a role each for those that somebody may assume.
#
#   uploader   a modality or gateway: writes into the inbox, and can neither read nor list anything
#   receiver   empties the queue, and has no access to the bucket at all
#   worker     reads and writes versions; deletes only what it has taken out of the inbox
#   operator   a person with the mammoflow command, without erasing
#   eraser     `mammoflow forget` and `mammoflow gc`, which remove versions for ever: for whoever may, and only then

locals {
  bucket = aws_s3_bucket.this.arn

  # Repos, the stages' output and bookkeeping: what workers and people write. A stage of your own writes under its name.
  stages  = concat(["crop", "extract_centers", "check_quality", "generate_heatmaps", "visualize_heatmaps", "classify"], var.more_stages)
  written = [for prefix in concat(["exams", "models", "pipeline", ".mammoflow"], local.stages) : "${local.bucket}/${prefix}/*"]

  documents = {
    uploader = data.aws_iam_policy_document.uploader.json
    receiver = data.aws_iam_policy_document.receiver.json
    worker   = data.aws_iam_policy_document.worker.json
    operator = data.aws_iam_policy_document.operator.json
    eraser   = data.aws_iam_policy_document.eraser.json
  }

  assumable = { for role, principals in var.trusted_principals : role => principals if length(principals) > 0 }

  # With a key of one's own, using it has to be allowed as well.
  keys = var.kms_key_arn == null ? [] : [var.kms_key_arn]
}

data "aws_iam_policy_document" "uploader" {
  statement {
    sid       = "WriteIntoTheInbox"
    actions   = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
    resources = [for prefix in local.inbox_prefixes : "${local.bucket}/${prefix}*"]
  }

  dynamic "statement" {
    for_each = local.keys

    content {
      sid = "UseTheKey"
      # Parts of a multipart upload are decrypted when they are put together.
      actions   = ["kms:GenerateDataKey", "kms:Decrypt"]
      resources = [statement.value]
    }
  }
}

data "aws_iam_policy_document" "receiver" {
  statement {
    sid       = "EmptyTheQueue"
    actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    resources = [aws_sqs_queue.inbox.arn]
  }

  dynamic "statement" {
    for_each = local.keys

    content {
      sid       = "UseTheKey"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]
    }
  }
}

data "aws_iam_policy_document" "worker" {
  source_policy_documents = [data.aws_iam_policy_document.read_and_write.json]

  statement {
    sid       = "TakeOutOfTheInbox"
    actions   = ["s3:DeleteObjectVersion"]
    resources = ["${local.bucket}/inbox/*", "${local.bucket}/.mammoflow/refused/*", "${local.bucket}/.mammoflow/sorted/*"]
  }

  # An exam that is erased while it is being taken in: the copies that were just made go again.
  statement {
    sid       = "TakeBackCopiesOfErasedExams"
    actions   = ["s3:DeleteObjectVersion"]
    resources = ["${local.bucket}/exams/*"]
  }
}

data "aws_iam_policy_document" "operator" {
  source_policy_documents = [data.aws_iam_policy_document.read_and_write.json]

  statement {
    sid       = "DismissFromTheInbox"
    actions   = ["s3:DeleteObjectVersion"]
    resources = ["${local.bucket}/inbox/*", "${local.bucket}/.mammoflow/refused/*", "${local.bucket}/.mammoflow/sorted/*"]
  }

  statement {
    sid       = "KeepWhatWasDismissed"
    actions   = ["s3:PutObject", "s3:PutObjectTagging"]
    resources = ["${local.bucket}/dismissed/*"]
  }

  statement {
    sid       = "DeleteBranches"
    actions   = ["s3:DeleteObject", "s3:DeleteObjectVersion"]
    resources = ["${local.bucket}/.mammoflow/branches/*"]
  }

  # `mammoflow doctor` looks for rules that would expire versions.
  statement {
    sid       = "LookAtTheBucket"
    actions   = ["s3:GetLifecycleConfiguration"]
    resources = [local.bucket]
  }
}

data "aws_iam_policy_document" "eraser" {
  source_policy_documents = [data.aws_iam_policy_document.read_and_write.json]

  statement {
    sid       = "Erase"
    actions   = ["s3:DeleteObject", "s3:DeleteObjectVersion"]
    resources = ["${local.bucket}/*"]
  }
}

data "aws_iam_policy_document" "read_and_write" {
  statement {
    sid       = "List"
    actions   = ["s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketVersioning", "s3:GetBucketLocation"]
    resources = [local.bucket]
  }

  statement {
    sid       = "Read"
    actions   = ["s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectTagging", "s3:GetObjectVersionTagging"]
    resources = ["${local.bucket}/*"]
  }

  # Tags of an upload are copied with it.
  statement {
    sid       = "Write"
    actions   = ["s3:PutObject", "s3:PutObjectTagging", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
    resources = local.written
  }

  dynamic "statement" {
    for_each = local.keys

    content {
      sid       = "UseTheKey"
      actions   = ["kms:GenerateDataKey", "kms:Decrypt"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_policy" "this" {
  for_each = local.documents

  name   = "${var.name}-${each.key}"
  policy = each.value
  tags   = var.tags
}

data "aws_iam_policy_document" "assume" {
  for_each = local.assumable

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = each.value
    }
  }
}

resource "aws_iam_role" "this" {
  for_each = local.assumable

  name               = "${var.name}-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.assume[each.key].json
  tags               = var.tags
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = local.assumable

  role       = aws_iam_role.this[each.key].name
  policy_arn = aws_iam_policy.this[each.key].arn
}
