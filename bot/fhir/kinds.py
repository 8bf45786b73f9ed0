"""Names out of FHIR's own lists: only these are repeated in a reason, nothing that a payload says.

Used by `origins` and `convert`. A payload's own words could be a person's name.
"""

from __future__ import annotations

_KINDS = """
    Account ActivityDefinition AdverseEvent AllergyIntolerance Appointment AppointmentResponse
    AuditEvent Basic Binary BodyStructure Bundle CapabilityStatement CarePlan CareTeam ChargeItem
    Claim ClaimResponse ClinicalImpression CodeSystem Communication CommunicationRequest
    Composition ConceptMap Condition Consent Contract Coverage DataElement DetectedIssue Device
    DeviceRequest DiagnosticReport DocumentManifest DocumentReference Encounter Endpoint
    EpisodeOfCare EventDefinition ExplanationOfBenefit FamilyMemberHistory Flag Goal Group
    GuidanceResponse HealthcareService ImagingStudy Immunization ImplementationGuide Invoice
    Library Linkage List Location Measure MeasureReport Media Medication MedicationAdministration
    MedicationDispense MedicationRequest MedicationStatement MessageDefinition MessageHeader
    NamingSystem NutritionOrder Observation OperationDefinition OperationOutcome Organization
    OrganizationAffiliation Parameters Patient Person PlanDefinition Practitioner PractitionerRole
    Procedure ProcedureRequest Provenance Questionnaire QuestionnaireResponse ReferralRequest
    RelatedPerson RequestGroup RiskAssessment Schedule SearchParameter ServiceRequest Slot Specimen
    StructureDefinition StructureMap Subscription Substance SupplyDelivery SupplyRequest Task
    TestReport TestScript ValueSet VerificationResult VisionPrescription
"""
KINDS = frozenset(_KINDS.split())
"""Kinds of resource, STU3 and R4."""

_FAULTS = """
    invalid structure required value invariant security login unknown expired forbidden suppressed
    processing not-supported duplicate multiple-matches not-found deleted too-long code-invalid
    extension too-costly business-rule conflict transient lock-error no-store exception timeout
    incomplete throttled
"""
FAULTS = frozenset(_FAULTS.split())
"""OperationOutcome.issue.code."""
