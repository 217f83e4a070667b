output "bucket" {
  description = "For MAMMOFLOW_BUCKET."
  value       = aws_s3_bucket.this.id
}

output "queue_url" {
  description = "For `mammoflow receive --sqs`."
  value       = aws_sqs_queue.inbox.id
}

output "dead_letter_queue_url" {
  description = "Where messages lie that could not be read."
  value       = aws_sqs_queue.dead.id
}

output "policies" {
  description = "ARNs of the policies, by who they are for."
  value       = { for name, policy in aws_iam_policy.this : name => policy.arn }
}

output "roles" {
  description = "ARNs of the roles that were made, by who they are for."
  value       = { for name, role in aws_iam_role.this : name => role.arn }
}
