"""The only place that calls AWS: the waist, the kinds of resources, what AWS's error codes mean, and the price list."""
