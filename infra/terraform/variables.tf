variable "bucket" {
  description = "Name of the bucket that holds everything: the inbox, exams, models, results and mammoflow's bookkeeping."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "A bucket name has 3 to 63 lower-case letters, digits, \"-\" or \".\"."
  }
}

variable "name" {
  description = "Beginning of the names of the queue and the policies."
  type        = string
  default     = "mammoflow"
}

variable "kms_key_arn" {
  description = "Key of your own to encrypt objects and messages with. Its policy must let S3 use it for the queue (see docs/triggers.md). Without one AWS's own keys are used."
  type        = string
  default     = null
}

variable "trusted_principals" {
  description = "ARNs that may assume each role: the role of a pod or instance, or a federated identity's role. A role without any is not made; its policy is, to be attached elsewhere."
  type = object({
    uploader = optional(list(string), [])
    receiver = optional(list(string), [])
    worker   = optional(list(string), [])
    operator = optional(list(string), [])
    eraser   = optional(list(string), [])
  })
  default = {}
}

variable "max_receive_count" {
  description = "Deliveries of a message before it goes to the dead-letter queue."
  type        = number
  default     = 5
}

variable "alarm_actions" {
  description = "ARNs to notify when a message reaches the dead-letter queue, or the queue is not emptied. Without any there are no alarms."
  type        = list(string)
  default     = []
}

variable "tags" {
  description = "Tags of everything that is made."
  type        = map(string)
  default     = {}
}

variable "more_stages" {
  description = "Names of stages of your own, which write under their names."
  type        = list(string)
  default     = []
}
