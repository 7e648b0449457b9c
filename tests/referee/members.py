"""Members about which states say nothing: free text, and what follows from the request. Two literal tables, nothing else."""

FREE = frozenset({
    "repositoryName", "policyText", "Policy", "imageDigest",
    "Key", "Value", "GroupName", "Description", "Name", "KeyName", "ClientToken", "ImageLocation", "AccountName", "UserId",
    "PublicDnsName", "Progress", "QuotaName", "ServiceName", "ComputerName", "AgentVersion", "PlatformName", "PlatformVersion",
    "Device", "DeviceName", "RootDeviceName", "AlgorithmDescription", "StatusMessage", "SecretAccessKey", "SessionToken",
    "SerialNumber", "AvailabilityZone", "RegionName", "Endpoint", "Email", "NextToken", "KmsKeyId", "AssumedRoleId", "ServiceCode", "MasterAccountEmail", "GroupLongName", "ProductCodeId",
    "LoadBalancerName", "TargetGroupName", "CanonicalHostedZoneId", "HealthCheckPort", "Scheme", "NextMarker",
    "Path", "RoleName", "InstanceProfileName", "PolicyName", "AssumeRolePolicyDocument",
    "StandardOutputContent", "StandardErrorContent", "Output", "ExecutionElapsedTime", "LastModifiedUser",
})  # fmt: skip
"""members that hold what a person or a secret generator wrote, or a name of a region"""
ASKED = frozenset({
    "Tags", "TagSet", "KeyName", "IamInstanceProfile", "NextToken", "Description", "ClientToken", "CapacityReservationId",
    "InstanceLifecycle", "SpotInstanceRequestId", "Platform", "RequesterId", "KmsKeyId", "ImageOwnerAlias", "PublicIpAddress",
    "SourceIdentity", "PackedPolicySize", "ProductCodes", "DeprecationTime", "RestoreExpiryTime", "OutpostArn",
    "BootMode", "ImdsSupport", "KernelId", "RamdiskId", "KeyId",
})  # fmt: skip
"""members that follow from what was asked for, or from the image, not from the state: their presence proves nothing"""
